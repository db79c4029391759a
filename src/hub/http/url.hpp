#pragma once

#include <string>

/// Addresses that things are fetched from.
namespace inference_models::hub {

/// An http or https URL, taken apart by libcurl.
class Url {
public:
    /// \throws Error `retrieval_failure` for what is none
    [[nodiscard]] static Url parse(const std::string& text);

    /// Where an answer's `Location` leads from here.
    /// \throws Error `retrieval_failure` where it leads from https to http, or to no http or https URL
    [[nodiscard]] Url redirected_to(const std::string& location) const;

    /// Same scheme, host and port.
    [[nodiscard]] bool has_origin_of(const Url& other) const;

    /// All of it, with whatever secrets its query holds.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// For messages: without user, password, query and fragment.
    [[nodiscard]] std::string readable() const;

private:
    Url() = default;

    std::string text_;
    std::string scheme_;  ///< lower case
    std::string host_;    ///< lower case
    std::string port_;    ///< also where it is the scheme's own
    std::string explicit_port_;
    std::string path_;
};

}  // namespace inference_models::hub
