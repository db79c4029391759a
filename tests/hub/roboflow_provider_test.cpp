#include "hub/providers/roboflow_provider.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <deque>
#include <functional>
#include <inference_models/error.hpp>
#include <numeric>

#include "hub/providers/provider_json.hpp"
#include "support/errors.hpp"

namespace inference_models::hub {
namespace {

using namespace tests;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

constexpr const char* kHost = "https://hub.test";
constexpr const char* kUrl = "https://hub.test/models/v1/external/weights?modelId=a%2Fb";

/// Gives the answers that it was told, in order, and keeps what it was asked.
class ScriptedClient : public HttpClient {
public:
    ScriptedClient& then(const HttpResponse& response) {
        answers_.emplace_back([=] { return response; });
        return *this;
    }
    ScriptedClient& then_status(long status) { return then({status, {}, "no"}); }
    ScriptedClient& then_throw(ErrorKind kind, const std::string& message) {
        answers_.emplace_back([=]() -> HttpResponse { throw Error(kind, "url", message); });
        return *this;
    }

    [[nodiscard]] HttpResponse get(const HttpRequest& request) override {
        requests.push_back(request);
        if (answers_.empty()) throw std::logic_error("asked once too often");
        const auto answer = answers_.front();
        answers_.pop_front();
        return answer();
    }

    std::vector<HttpRequest> requests;

private:
    std::deque<std::function<HttpResponse()>> answers_;
};

std::string page(const std::vector<std::string>& ids, std::optional<std::string> next = std::nullopt,
                 const std::string& model_id = "a/b") {
    MetadataPage page;
    page.model.model_id = model_id;
    page.model.architecture = "yolov8";
    for (const std::string& id : ids) {
        PackageMetadata package;
        package.id = id;
        package.onnx = OnnxFacts{0, 17, {}};
        package.files = {{"weights.onnx", "https://files.test/w?x=1&y=" + id, "", "", std::nullopt}};
        page.model.packages.push_back(package);
    }
    page.next_page = std::move(next);
    return write_metadata_page(page);
}

HttpResponse ok(std::string body) {
    return {200, {}, std::move(body)};
}

class RoboflowProvider : public testing::Test {
protected:
    RoboflowProvider() { settings_.api_host = kHost; }

    ModelMetadata ask() {
        return ask_roboflow(request_, settings_, client_,
                            [&](std::chrono::milliseconds time) { pauses_.push_back(time); });
    }
    Error problem() {
        return error_of([&] { static_cast<void>(ask()); });
    }
    [[nodiscard]] std::vector<std::string> ids_of(const ModelMetadata& model) const {
        std::vector<std::string> ids;
        for (const PackageMetadata& package : model.packages) ids.push_back(package.id);
        return ids;
    }

    ProviderRequest request_{.model_id = "a/b", .api_key = {}, .extra_query_params = {}, .extra_headers = {}};
    Settings settings_;
    ScriptedClient client_;
    std::vector<std::chrono::milliseconds> pauses_;
};

TEST_F(RoboflowProvider, AsksOnceForAModelOfOnePage) {
    client_.then(ok(page({"one"}, std::nullopt, "another/name")));
    const ModelMetadata model = ask();
    EXPECT_EQ(model.model_id, "another/name");  // aliases are the provider's affair
    EXPECT_EQ(model.weights_provider, "roboflow");
    EXPECT_THAT(ids_of(model), ElementsAre("one"));
    ASSERT_EQ(client_.requests.size(), 1U);
    EXPECT_EQ(client_.requests[0].url, kUrl);
    EXPECT_EQ(client_.requests[0].bearer_key, "");
    EXPECT_EQ(client_.requests[0].timeout, 5s);
    EXPECT_THAT(client_.requests[0].headers, IsEmpty());
    EXPECT_THAT(pauses_, IsEmpty());
}

TEST_F(RoboflowProvider, TakesTheKeyOfTheCallElseThatOfTheEnvironment) {
    for (const auto& [given, environment, sent] : std::vector<std::array<std::string, 3>>{{"given", "env", "given"},
                                                                                          {"", "env", "env"},
                                                                                          {"local", "env", "env"},
                                                                                          {"local", "", ""},
                                                                                          {"", "local", ""}}) {
        request_.api_key = given;
        settings_.api_key = environment;
        client_.then(ok(page({"one"})));
        static_cast<void>(ask());
        EXPECT_EQ(client_.requests.back().bearer_key, sent);
    }
}

TEST_F(RoboflowProvider, ExtraParametersAndHeadersDoNotReplaceOurs) {
    request_.api_key = "key";
    request_.extra_query_params = {{"modelId", "evil"}, {"startAfter", "evil"}, {"a&b", "c d/\u00e4"}, {"a&b", "2"}};
    request_.extra_headers = {{"X-Trace", "1 2"}, {"AUTHORIZATION", "Basic evil"}};
    client_.then(ok(page({"one"}, "n&1"))).then(ok(page({"two"})));
    EXPECT_THAT(ids_of(ask()), ElementsAre("one", "two"));
    EXPECT_EQ(client_.requests[0].url, std::string(kUrl) + "&a%26b=c%20d%2F%C3%A4&a%26b=2");
    EXPECT_EQ(client_.requests[1].url, std::string(kUrl) + "&startAfter=n%261&a%26b=c%20d%2F%C3%A4&a%26b=2");
    for (const HttpRequest& request : client_.requests) {
        EXPECT_THAT(request.headers, ElementsAre(Pair("X-Trace", "1 2")));
        EXPECT_EQ(request.bearer_key, "key");
    }
    request_.api_key.clear();
    client_.then(ok(page({"one"})));
    static_cast<void>(ask());
    EXPECT_EQ(client_.requests.back().headers.size(), 2U);  // nothing of ours that it could replace
}

TEST_F(RoboflowProvider, RefusesHeadersAndKeysThatWouldBeMoreThanThat) {
    for (const NamedValue& header :
         std::vector<NamedValue>{{"A", "secret\r\nB: c"}, {"A:", "secret"}, {"", "secret"}}) {
        request_.extra_headers = {header};
        const Error error = problem();
        EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
        EXPECT_THAT(std::string(error.what()), Not(HasSubstr("secret")));
    }
    request_.extra_headers.clear();
    request_.api_key = "secret\r\nB: c";
    const Error error = problem();
    EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
    EXPECT_THAT(std::string(error.what()), Not(HasSubstr("secret")));
    EXPECT_THAT(client_.requests, IsEmpty());
}

TEST_F(RoboflowProvider, GathersPagesAndLeavesOutWhatComesTwice) {
    client_.then(ok(page({"one", "two"}, "p2"))).then(ok(page({"two", "three"}, "p3"))).then(ok(page({"four"})));
    const ModelMetadata model = ask();
    EXPECT_THAT(ids_of(model), ElementsAre("one", "two", "three", "four"));
    EXPECT_THAT(model.notes, ElementsAre(HasSubstr("`two` is left out")));
}

TEST_F(RoboflowProvider, DoesNotFollowPagesForEver) {
    client_.then(ok(page({"one"}, "p2"))).then(ok(page({"two"}, "p3"))).then(ok(page({"three"}, "p2")));
    const Error error = problem();
    EXPECT_EQ(error.kind(), ErrorKind::retrieval_failure);
    EXPECT_THAT(error.message(), HasSubstr("circle"));

    client_.requests.clear();
    for (int i = 1; i <= 10; ++i) client_.then(ok(page({"id" + std::to_string(i)}, "p" + std::to_string(i))));
    const ModelMetadata model = ask();
    EXPECT_EQ(client_.requests.size(), 10U);
    EXPECT_EQ(model.packages.size(), 10U);
    EXPECT_THAT(model.notes, ElementsAre(HasSubstr("first 10 pages")));
}

TEST_F(RoboflowProvider, EveryRefusalHasItsOwnError) {
    struct Refusal {
        long status;
        ErrorKind kind;
        std::string hint;
    };
    for (const Refusal& refusal :
         {Refusal{401, ErrorKind::unauthorized, "ROBOFLOW_API_KEY"},
          Refusal{402, ErrorKind::payment_required, "billing"}, Refusal{403, ErrorKind::forbidden, "workspace"},
          Refusal{404, ErrorKind::model_not_found, "Check the id"},
          Refusal{423, ErrorKind::usage_paused, "administrator"},
          Refusal{400, ErrorKind::retrieval_failure, "ROBOFLOW_API_HOST"},
          Refusal{501, ErrorKind::retrieval_failure, "later"}, Refusal{304, ErrorKind::retrieval_failure, "later"}}) {
        for (const char* const key : {"", "key-1234"}) {
            request_.api_key = key;
            client_.then_status(refusal.status);
            const Error error = problem();
            EXPECT_EQ(error.kind(), refusal.kind) << refusal.status;
            EXPECT_THAT(error.message(), AllOf(HasSubstr(kHost), HasSubstr(std::to_string(refusal.status))));
            EXPECT_THAT(error.hint(), HasSubstr(refusal.hint));
            EXPECT_THAT(std::string(error.what()), Not(HasSubstr("key-1234")));
        }
    }
    EXPECT_THAT(pauses_, IsEmpty());
}

TEST_F(RoboflowProvider, TriesAgainWhatMayPass) {
    for (const long status : {408, 429, 502, 503, 504}) {
        client_.then_status(status).then_throw(ErrorKind::unreachable, "timed out").then(ok(page({"one"})));
        EXPECT_THAT(ids_of(ask()), ElementsAre("one"));
    }
    EXPECT_EQ(pauses_.size(), 10U);
}

TEST_F(RoboflowProvider, GivesUpAfterTheTriesThatTheSettingsAllow) {
    settings_.api_tries = 6;
    for (int i = 0; i < 6; ++i) client_.then_status(503);
    const Error error = problem();
    EXPECT_EQ(error.kind(), ErrorKind::unreachable);
    EXPECT_THAT(error.message(), AllOf(HasSubstr(kHost), HasSubstr("in 6 tries"), HasSubstr("status 503")));
    ASSERT_EQ(pauses_.size(), 5U);
    std::chrono::milliseconds longest = 500ms;
    for (const auto pause : pauses_) {
        EXPECT_GE(pause, longest / 2);
        EXPECT_LE(pause, longest);
        longest = std::min<std::chrono::milliseconds>(longest * 2, 8s);
    }

    settings_.api_tries = 1;
    client_.then_throw(ErrorKind::unreachable, "no route to host");
    EXPECT_THAT(problem().message(), AllOf(HasSubstr("in 1 try"), HasSubstr("no route to host")));
    EXPECT_EQ(pauses_.size(), 5U);
}

TEST_F(RoboflowProvider, DoesNotTryAgainWhatWillNotPass) {
    client_.then_throw(ErrorKind::retrieval_failure, "certificate");
    EXPECT_EQ(problem().kind(), ErrorKind::retrieval_failure);
    settings_.statuses_to_retry = {500};
    client_.then_status(503);
    EXPECT_EQ(problem().kind(), ErrorKind::retrieval_failure);
    EXPECT_THAT(pauses_, IsEmpty());
    client_.then_status(500).then(ok(page({"one"})));
    EXPECT_NO_THROW(static_cast<void>(ask()));
}

TEST_F(RoboflowProvider, WaitsAsLongAsAServerAsksButNotForEver) {
    const auto pause_for = [&](const std::string& retry_after) {
        client_.then({429, {{"retry-after", retry_after}}, ""}).then(ok(page({"one"})));
        static_cast<void>(ask());
        return pauses_.back();
    };
    EXPECT_EQ(pause_for("7"), 7s);
    EXPECT_EQ(pause_for("999999"), 60s);
    EXPECT_LE(pause_for("0"), 500ms);
    EXPECT_GE(pause_for("0"), 250ms);
    for (const char* const nonsense : {"-5", "soon", "99999999999999999999", "Wed, 21 Oct 2015 07:28:00 GMT", ""}) {
        EXPECT_LE(pause_for(nonsense), 500ms);
    }
}

TEST_F(RoboflowProvider, KeepsSecretsToItselfEvenWhereTheServerRepeatsThem) {
    request_.api_key = "key-1234";
    request_.extra_headers = {{"X-Token", "token-5678"}};
    const auto expect_silence = [&] {
        const std::string said = problem().what();
        EXPECT_THAT(said, AllOf(Not(HasSubstr("key-1234")), Not(HasSubstr("token-5678")), HasSubstr("***")));
    };
    client_.then({400, {}, "bad: key-1234, token-5678"});
    expect_silence();
    client_.then({400, {}, std::string(296, 'x') + "key-1234"});  // across the end of what is shown
    EXPECT_THAT(std::string(problem().what()), Not(HasSubstr("key-")));
    client_.then(ok(R"({"error": "unknown key key-1234"})"));
    expect_silence();
    request_.api_key = "k/y+12%34";
    for (const char* const echoed : {"k%2Fy%2B12%2534", "k%2fy%2b12%2534", "k/y+12%34", "%6B/y%2B12%2534"}) {
        client_.then({400, {}, fmt::format("no model at /x?api_key={}&z", echoed)});
        EXPECT_THAT(problem().message(), HasSubstr("/x?api_key=***&z"));
    }
    request_.api_key = "key-1234";
    for (int i = 0; i < 3; ++i) client_.then_throw(ErrorKind::unreachable, "sent token-5678 and key-1234");
    expect_silence();
    client_.then(
        ok(R"({"modelMetadata": {"type": "external-model-metadata-v1", "modelId": "a", "modelArchitecture": "b",
                        "modelPackages": [{"packageId": "key-1234"}]}})"));
    EXPECT_THAT(ask().notes, ElementsAre(AllOf(HasSubstr("`***`"), Not(HasSubstr("key-1234")))));
}

TEST_F(RoboflowProvider, NamesAPageInPlaceOfJsonAndItsHost) {
    client_.then(ok("<html>Please log in</html>"));
    const Error error = problem();
    EXPECT_EQ(error.kind(), ErrorKind::retrieval_failure);
    EXPECT_THAT(error.message(), AllOf(HasSubstr(kHost), HasSubstr("HTML")));
    client_.then({400, {}, "\x1b[2Jbad\nrequest"});
    EXPECT_THAT(problem().message(), HasSubstr("?[2Jbad request"));
}

TEST_F(RoboflowProvider, GoesThroughTheGatewayAndKeepsItOutOfListings) {
    settings_.secure_gateway = "http://gw.test/edge";
    client_.then(ok(page({"one"})));
    const ModelMetadata model = ask();
    EXPECT_EQ(
        client_.requests[0].url,
        "http://gw.test/edge/proxy?url=https%3A%2F%2Fhub.test%2Fmodels%2Fv1%2Fexternal%2Fweights%3FmodelId%3Da%252Fb");
    const std::string file = "http://gw.test/edge/proxy?url=https%3A%2F%2Ffiles.test%2Fw%3Fx%3D1%26y%3Done";
    EXPECT_EQ(model.packages[0].files[0].download_url, "https://files.test/w?x=1&y=one");
    EXPECT_EQ(through_gateway(model.packages[0].files[0].download_url, settings_), file);
    EXPECT_EQ(through_gateway(file, settings_), file);
    settings_.secure_gateway.clear();
    EXPECT_EQ(through_gateway(file, settings_), file);
}

}  // namespace
}  // namespace inference_models::hub
