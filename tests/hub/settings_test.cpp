#include "hub/settings.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <inference_models/error.hpp>
#include <map>

#include "support/errors.hpp"

namespace inference_models::hub {
namespace {

using namespace tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

using Variables = std::map<std::string, std::string>;

Settings settings_of(const Variables& variables) {
    return Settings::from([&](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
}

Error problem_of(const std::string& name, const std::string& value) {
    Error error = error_of([&] { static_cast<void>(settings_of({{name, value}})); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid_environment_variable) << name << "=" << value;
    EXPECT_EQ(error.subject(), name);
    EXPECT_THAT(error.message(), HasSubstr(name));
    return error;
}

TEST(Settings, AreThoseOfThePublicServiceByDefault) {
    const Settings settings = settings_of({{"HOME", "/home/u"}});
    EXPECT_EQ(settings.cache_directory, "/home/u/.cache/inference_models/hub");
    EXPECT_EQ(settings.api_host, "https://api.roboflow.com");
    EXPECT_EQ(settings.api_key, "");
    EXPECT_EQ(settings.secure_gateway, "");
    EXPECT_FALSE(settings.offline);
    EXPECT_EQ(settings.api_timeout, 5s);
    EXPECT_EQ(settings.api_tries, 3U);
    EXPECT_EQ(settings.statuses_to_retry, (std::set<long>{408, 429, 500, 502, 503, 504}));
    EXPECT_EQ(settings.choice_expires_after, 24h);
    EXPECT_EQ(settings.download_connect_timeout, 30s);
    EXPECT_EQ(settings.download_stall_timeout, 60s);
    EXPECT_EQ(settings.download_tries, 8U);
}

TEST(Settings, ReadEveryVariable) {
    const Settings settings = settings_of({{"ROBOFLOW_API_KEY", "abc"},
                                           {"SECURE_GATEWAY", "https://gw.local/edge/"},
                                           {"OFFLINE_MODE", "tRuE"},
                                           {"API_CALLS_TIMEOUT", "2.5"},
                                           {"API_CALLS_MAX_TRIES", "7"},
                                           {"IDEMPOTENT_API_REQUEST_CODES_TO_RETRY", "429, 500"},
                                           {"AUTO_LOADER_CACHE_EXPIRATION_MINUTES", "0"},
                                           {"CHUNK_DOWNLOAD_CONNECT_TIMEOUT", "1"},
                                           {"CHUNK_DOWNLOAD_READ_TIMEOUT", "0.25"},
                                           {"CHUNK_DOWNLOAD_MAX_ATTEMPTS", "2"}});
    EXPECT_EQ(settings.api_key, "abc");
    EXPECT_EQ(settings.secure_gateway, "https://gw.local/edge");
    EXPECT_TRUE(settings.offline);
    EXPECT_EQ(settings.api_timeout, 2500ms);
    EXPECT_EQ(settings.api_tries, 7U);
    EXPECT_EQ(settings.statuses_to_retry, (std::set<long>{429, 500}));
    EXPECT_EQ(settings.choice_expires_after, 0min);
    EXPECT_EQ(settings.download_connect_timeout, 1s);
    EXPECT_EQ(settings.download_stall_timeout, 250ms);
    EXPECT_EQ(settings.download_tries, 2U);
}

TEST(Settings, FindTheCacheWhereTheFirstVariableSays) {
    Variables variables{{"INFERENCE_HOME", "/a"}, {"MODEL_CACHE_DIR", "/b"}, {"XDG_CACHE_HOME", "/c"}, {"HOME", "/d"}};
    EXPECT_EQ(settings_of(variables).cache_directory, "/a/hub");
    variables.erase("INFERENCE_HOME");
    EXPECT_EQ(settings_of(variables).cache_directory, "/b/hub");
    variables["MODEL_CACHE_DIR"] = "relative";
    EXPECT_EQ(settings_of(variables).cache_directory, std::filesystem::current_path() / "relative/hub");
    variables.erase("MODEL_CACHE_DIR");
    EXPECT_EQ(settings_of(variables).cache_directory, "/c/inference_models/hub");
    variables["XDG_CACHE_HOME"] = "relative";  // to be passed over, says its specification
    EXPECT_EQ(settings_of(variables).cache_directory, "/d/.cache/inference_models/hub");
    EXPECT_EQ(settings_of({}).cache_directory, "");
}

TEST(Settings, FindTheHostByRegionAndEnvironment) {
    const auto host = [](const Variables& variables) { return settings_of(variables).api_host; };
    EXPECT_EQ(host({{"ROBOFLOW_REGION", "US"}, {"ROBOFLOW_ENVIRONMENT", "staging"}}), "https://api.roboflow.one");
    EXPECT_EQ(host({{"ROBOFLOW_REGION", "eu"}}), "https://api.roboflow.eu");
    EXPECT_EQ(host({{"ROBOFLOW_REGION", "eu"}, {"ROBOFLOW_ENVIRONMENT", "staging"}}), "https://api.roboflow-eu.one");
    EXPECT_EQ(host({{"ROBOFLOW_REGION", "eu"}, {"ROBOFLOW_API_HOST", "http://127.0.0.1:8000//"}}),
              "http://127.0.0.1:8000");
    EXPECT_EQ(host({{"ROBOFLOW_API_HOST", ""}}), "https://api.roboflow.com");
}

TEST(Settings, TakeALicenseServerForAGateway) {
    EXPECT_EQ(settings_of({{"LICENSE_SERVER", "10.0.0.1:8080"}}).secure_gateway, "http://10.0.0.1:8080");
    EXPECT_EQ(settings_of({{"LICENSE_SERVER", "a"}, {"SECURE_GATEWAY", "b"}}).secure_gateway, "http://b");
}

TEST(Settings, RefuseWhatAVariableMayNotHold) {
    EXPECT_THAT(problem_of("OFFLINE_MODE", "1").message(), HasSubstr("`True` or `False`"));
    for (const char* const value : {"0", "-1", "nan", "inf", "1e9", "5s", "five"}) {
        static_cast<void>(problem_of("API_CALLS_TIMEOUT", value));
        static_cast<void>(problem_of("CHUNK_DOWNLOAD_CONNECT_TIMEOUT", value));
        static_cast<void>(problem_of("CHUNK_DOWNLOAD_READ_TIMEOUT", value));
    }
    for (const char* const value : {"0", "-1", "1.5", "99999999999"}) {
        static_cast<void>(problem_of("API_CALLS_MAX_TRIES", value));
        static_cast<void>(problem_of("CHUNK_DOWNLOAD_MAX_ATTEMPTS", value));
    }
    for (const char* const value : {"x", "200", "429;500", "429,,500"}) {
        static_cast<void>(problem_of("IDEMPOTENT_API_REQUEST_CODES_TO_RETRY", value));
    }
    static_cast<void>(problem_of("AUTO_LOADER_CACHE_EXPIRATION_MINUTES", "-1"));
    EXPECT_THAT(problem_of("ROBOFLOW_REGION", "asia").message(), HasSubstr("us, eu"));
    EXPECT_THAT(problem_of("ROBOFLOW_ENVIRONMENT", "test").message(), HasSubstr("prod, staging"));
    for (const char* const value : {"api.roboflow.com", "ftp://x", "https://x/?a=b", "https://u:p@x", "https://"}) {
        static_cast<void>(problem_of("ROBOFLOW_API_HOST", value));
    }
    static_cast<void>(problem_of("SECURE_GATEWAY", "ftp://x"));
    static_cast<void>(problem_of("LICENSE_SERVER", "a b"));
}

TEST(Settings, DoNotShowAKeyThatIsNone) {
    EXPECT_THAT(std::string(problem_of("ROBOFLOW_API_KEY", "sec\nret").what()), testing::Not(HasSubstr("ret`")));
    EXPECT_THAT(std::string(problem_of("ROBOFLOW_API_KEY", "sec ret").what()), testing::Not(HasSubstr("sec ")));
    EXPECT_EQ(settings_of({{"ROBOFLOW_API_KEY", " abc\n"}}).api_key, "abc");
}

}  // namespace
}  // namespace inference_models::hub
