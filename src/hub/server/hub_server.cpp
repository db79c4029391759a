#include <inference_models/hub_server.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <exception>
#include <inference_models/error.hpp>
#include <list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "common/log.hpp"
#include "common/printable.hpp"
#include "hub/providers/provider_json.hpp"
#include "hub/server/http_ranges.hpp"
#include "hub/server/hub_folder.hpp"
#include "hub/server/hub_requests.hpp"

namespace inference_models {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::string_view kListing = "/models/v1/external/weights";
constexpr std::string_view kFiles = "/files/";
constexpr std::uint32_t kMostHeaderBytes = 16U << 10U;
constexpr std::size_t kPiece = std::size_t{128} << 10U;
constexpr std::size_t kMostConnections = 256;
constexpr std::size_t kMostOfOnePeer = 128;
constexpr auto kPatienceWithReaders = 5s;    ///< who takes nothing for longer makes room for others
constexpr auto kTimeForARequest = 15s;       ///< from the end of the one before to its last byte
constexpr auto kTimeForAPiece = 60s;         ///< to be taken by the client
constexpr auto kTimeToClose = 1s;            ///< for a client to read the last answer and close
constexpr auto kAfterAFailedAccept = 100ms;  ///< when there are no descriptors left

/// Errors are values where it is a client that fails.
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

using Request = http::request<http::empty_body>;
using Response = http::response<http::empty_body>;  ///< the header; what follows it is written by hand

std::string_view text_of(beast::string_view text) {
    return {text.data(), text.size()};
}

beast::string_view beast_text(std::string_view text) {
    return {text.data(), text.size()};
}

/// What a connection is waiting for.
enum class Waiting { for_a_request, for_the_reader, for_the_folder };

/// What is known of a client's connection.
struct Connection {
    using Clock = std::chrono::steady_clock;

    Connection(beast::tcp_stream of, std::string with) : stream(std::move(of)), peer(std::move(with)) {}

    beast::tcp_stream stream;
    std::string peer;
    beast::flat_buffer buffer;
    Waiting waiting = Waiting::for_a_request;
    Clock::time_point waiting_since = Clock::now();
    bool is_ended = false;  ///< it had to make room

    void wait(Waiting next) {
        waiting = next;
        waiting_since = Clock::now();
    }

    /// Whether nobody misses it: no request was made, or its answer is not being read.
    [[nodiscard]] bool may_make_room() const {
        if (is_ended || waiting == Waiting::for_the_folder) return false;
        return waiting == Waiting::for_a_request || Clock::now() - waiting_since > kPatienceWithReaders;
    }

    void end() {
        is_ended = true;
        stream.close();
    }
};

/// False where the connection is of no use any more.
asio::awaitable<bool> write_header(Connection& connection, Response& response) {
    http::response_serializer<http::empty_body> serializer(response);
    connection.wait(Waiting::for_the_reader);
    connection.stream.expires_after(kTimeForAPiece);
    const auto [problem, count] = co_await http::async_write_header(connection.stream, serializer, kAwait);
    co_return !problem;
}

asio::awaitable<bool> write_text(Connection& connection, std::string_view text) {
    connection.wait(Waiting::for_the_reader);
    connection.stream.expires_after(kTimeForAPiece);
    const auto [problem, count] =
        co_await asio::async_write(connection.stream, asio::buffer(text.data(), text.size()), kAwait);
    co_return !problem;
}

asio::awaitable<bool> write_bytes(Connection& connection, const hub::ReadableFile& file, hub::FileSlice range) {
    std::string piece(std::min<std::uint64_t>(range.count, kPiece), '\0');
    while (range.count > 0) {
        const std::size_t wanted = std::min<std::uint64_t>(range.count, piece.size());
        const ssize_t count = ::pread(file.descriptor(), piece.data(), wanted, static_cast<off_t>(range.first));
        if (count <= 0) co_return false;  // it became shorter; the client sees that the connection ends too early
        const std::string_view read(piece.data(), static_cast<std::size_t>(count));
        const bool written = co_await write_text(connection, read);
        if (!written) co_return false;
        range.first += static_cast<std::uint64_t>(count);
        range.count -= static_cast<std::uint64_t>(count);
    }
    co_return true;
}

/// What a request is answered with: a header, and behind it a text or bytes of a file.
struct Answer {
    Response header;
    std::string text;
    std::optional<hub::HostedFile> file;
    hub::FileSlice bytes;
};

/// What an answer begins with, whatever it is.
Response header_of(const Request& request, http::status status, std::uint64_t length, std::string_view type) {
    Response header(status, request.version());
    header.set(http::field::content_type, beast_text(type));
    header.content_length(length);
    header.keep_alive(request.keep_alive());
    return header;
}

Answer json_answer(const Request& request, http::status status, std::string text) {
    Answer answer;
    answer.header = header_of(request, status, text.size(), "application/json");
    answer.text = std::move(text);
    return answer;
}

Answer refusal(const Request& request, http::status status, std::string_view why) {
    const nlohmann::json document{{"error", why}};
    return json_answer(request, status, document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void log_answer(const Connection& connection, const Request& request, http::status status) {
    constexpr std::size_t kMostShown = 300;
    // A query may hold keys.
    const std::string_view target = text_of(request.target());
    log::message(LogLevel::info, "{} {} {} {}", connection.peer, text_of(request.method_string()),
                 printable(target.substr(0, std::min(target.find('?'), kMostShown))), static_cast<unsigned>(status));
}

/// What goes out of a file, and how the answer says so.
Answer file_answer(const Request& request, hub::HostedFile file) {
    const std::string tag = fmt::format("\"{}\"", file.sha256);
    hub::RequestedRange range;
    const std::string_view condition = text_of(request[http::field::if_range]);
    // A condition that is a date or a weak tag does not hold: whether the file is the same cannot be told from it.
    if (request.method() == http::verb::get && (condition.empty() || condition == tag)) {
        range = hub::requested_range(text_of(request[http::field::range]), file.size);
    }
    Answer answer;
    answer.bytes = range.bytes.value_or(hub::FileSlice{0, range.satisfiable ? file.size : 0});
    const http::status status = !range.satisfiable ? http::status::range_not_satisfiable
                                : range.bytes      ? http::status::partial_content
                                                   : http::status::ok;
    answer.header = header_of(request, status, answer.bytes.count, "application/octet-stream");
    answer.header.set(http::field::accept_ranges, "bytes");
    answer.header.set(http::field::etag, tag);
    if (!range.satisfiable) answer.header.set(http::field::content_range, fmt::format("bytes */{}", file.size));
    if (range.bytes) {
        const std::uint64_t last = range.bytes->first + range.bytes->count - 1;
        answer.header.set(http::field::content_range,
                          fmt::format("bytes {}-{}/{}", range.bytes->first, last, file.size));
    }
    answer.file = std::move(file);
    return answer;
}

/// False where the connection is to be closed.
asio::awaitable<bool> send(Connection& connection, const Request& request, Answer& answer) {
    log_answer(connection, request, answer.header.result());
    bool written = co_await write_header(connection, answer.header);
    if (written && request.method() != http::verb::head) {
        if (answer.file) {
            written = co_await write_bytes(connection, answer.file->file, answer.bytes);
        } else {
            written = co_await write_text(connection, answer.text);
        }
    }
    co_return written&& answer.header.keep_alive();
}

/// What the client did wrong where its request could not even be read; nothing where it is simply gone.
std::optional<http::status> complaint_about(const beast::error_code& problem) {
    if (problem == http::error::header_limit || problem == http::error::buffer_overflow) {
        return http::status::request_header_fields_too_large;
    }
    if (problem == http::error::end_of_stream || problem == http::error::partial_message) return std::nullopt;
    if (problem.category() == make_error_code(http::error::bad_method).category()) return http::status::bad_request;
    return std::nullopt;
}

/// Lets the client read the last answer: to close while it is still sending would take the answer away from it.
asio::awaitable<void> close(Connection& connection) {
    if (connection.is_ended) co_return;
    beast::error_code ignored;
    std::ignore = connection.stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    connection.stream.expires_after(kTimeToClose);
    std::string rest(kMostHeaderBytes, '\0');
    while (true) {
        const auto [problem, count] = co_await connection.stream.async_read_some(asio::buffer(rest), kAwait);
        if (problem) co_return;
    }
}

Error cannot_listen(const std::string& host, std::uint16_t port, const beast::error_code& problem) {
    return {ErrorKind::io_failure, fmt::format("{}:{}", host, port),
            fmt::format("port {} of {} cannot be used: {}", port, host, problem.message()),
            "Choose another port with --port (0: one that is free), or end the program that has it."};
}

tcp::endpoint endpoint_of(asio::io_context& context, const std::string& host, std::uint16_t port) {
    tcp::resolver resolver(context);
    beast::error_code problem;
    const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, problem);
    if (!problem && !found.empty()) return found.begin()->endpoint();
    throw Error(ErrorKind::invalid_argument, "host", fmt::format("`{}` is no address to listen at", printable(host)),
                "Use 127.0.0.1 for this machine alone, or 0.0.0.0 for all its networks.");
}

tcp::acceptor listening(asio::io_context& context, const std::string& host, std::uint16_t port) {
    const tcp::endpoint endpoint = endpoint_of(context, host, port);
    tcp::acceptor acceptor(context);
    try {
        acceptor.open(endpoint.protocol());
        acceptor.set_option(tcp::acceptor::reuse_address(true));
        acceptor.bind(endpoint);
        acceptor.listen();
    } catch (const boost::system::system_error& problem) {
        throw cannot_listen(host, port, problem.code());
    }
    return acceptor;
}

std::string address_of(const tcp::acceptor& acceptor) {
    const tcp::endpoint endpoint = acceptor.local_endpoint();
    const std::string host = endpoint.address().to_string();
    return endpoint.address().is_v6() ? fmt::format("http://[{}]:{}", host, endpoint.port())
                                      : fmt::format("http://{}:{}", host, endpoint.port());
}

}  // namespace

/// One thread answers; another one looks at the folder, since that may have to read a whole package.
struct HubServer::State {
    State(const std::filesystem::path& directory, const std::string& host, std::uint16_t port)
        : folder(directory),
          acceptor(listening(context, host, port)),
          slot_is_free(context),
          address(address_of(acceptor)) {}

    asio::awaitable<void> accept_all();
    asio::awaitable<void> serve(std::list<Connection>::iterator connection);
    /// Ends the connection that has been waiting for longest for what does not come, if there is one.
    /// \param peer  whose; empty: anybody's
    bool make_room(const std::string& peer);
    [[nodiscard]] std::size_t connections_of(const std::string& peer) const;
    asio::awaitable<Answer> answer(const Request& request);
    asio::awaitable<Answer> answer_listing(const Request& request, std::string_view query);
    asio::awaitable<Answer> answer_file(const Request& request, std::string_view place);

    /// Runs a function of the folder where it is allowed to take its time.
    template <class Function>
    auto in_folder(Function function) {
        using Result = std::invoke_result_t<Function>;
        return asio::co_spawn(
            *folder_thread, [function]() -> asio::awaitable<Result> { co_return function(); }, asio::use_awaitable);
    }

    hub::HubFolder folder;  ///< used by `folder_thread` alone, once there are connections
    asio::io_context context{1};
    std::list<Connection> connections;
    std::optional<asio::thread_pool> folder_thread;  ///< there is none before `run`, so that a caller may block signals
    tcp::acceptor acceptor;
    asio::steady_timer slot_is_free;  ///< cancelled when a connection ends
    std::string address;
};

bool HubServer::State::make_room(const std::string& peer) {
    Connection* longest = nullptr;
    for (Connection& connection : connections) {
        const bool is_meant = connection.may_make_room() && (peer.empty() || connection.peer == peer);
        if (is_meant && (longest == nullptr || connection.waiting_since < longest->waiting_since)) {
            longest = &connection;
        }
    }
    if (longest == nullptr) return false;
    log::message(LogLevel::info, "{} is idle; its connection makes room", longest->peer);
    longest->end();
    return true;
}

std::size_t HubServer::State::connections_of(const std::string& peer) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        connections, [&](const Connection& each) { return !each.is_ended && each.peer == peer; }));
}

/// While there are as many connections as may be, and all of them are busy, the next one waits, and others behind it in
/// the system's queue.
asio::awaitable<void> HubServer::State::accept_all() {
    while (true) {
        auto [problem, socket] = co_await acceptor.async_accept(kAwait);
        if (problem) {
            log::message(LogLevel::warning, "a connection could not be accepted: {}", problem.message());
            asio::steady_timer pause(context, kAfterAFailedAccept);
            static_cast<void>(co_await pause.async_wait(kAwait));
            continue;
        }
        while (connections.size() >= kMostConnections) {
            make_room({});
            slot_is_free.expires_after(kPatienceWithReaders);  // by then others may have become idle
            static_cast<void>(co_await slot_is_free.async_wait(kAwait));
        }
        beast::error_code ignored;
        const std::string peer = socket.remote_endpoint(ignored).address().to_string();
        if (connections_of(peer) >= kMostOfOnePeer && !make_room(peer)) {
            log::message(LogLevel::warning, "a connection of {} is refused: it has {}", peer, kMostOfOnePeer);
            continue;
        }
        connections.emplace_front(beast::tcp_stream(std::move(socket)), peer);
        const auto connection = connections.begin();
        asio::co_spawn(context, serve(connection), [this, connection](const std::exception_ptr& failure) {
            connections.erase(connection);
            slot_is_free.cancel();
            if (!failure) return;
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception& error) {
                log::message(LogLevel::error, "a connection ended: {}", error.what());
            }
        });
    }
}

asio::awaitable<void> HubServer::State::serve(std::list<Connection>::iterator place) {
    Connection& connection = *place;
    beast::error_code ignored;
    std::ignore = connection.stream.socket().set_option(tcp::no_delay(true), ignored);
    for (bool goes_on = true; goes_on;) {
        http::request_parser<http::empty_body> parser;
        parser.header_limit(kMostHeaderBytes);
        connection.wait(Waiting::for_a_request);
        connection.stream.expires_after(kTimeForARequest);
        const auto [problem, count] =
            co_await http::async_read_header(connection.stream, connection.buffer, parser, kAwait);
        auto complaint = problem ? complaint_about(problem) : std::nullopt;
        if (problem && !complaint) co_return;
        if (!problem && !parser.is_done()) complaint = http::status::payload_too_large;  // nothing here has a body
        if (complaint) {
            Request unreadable(http::verb::unknown, "-", 11);
            unreadable.keep_alive(false);
            Answer answered = refusal(unreadable, *complaint, "the request cannot be read");
            goes_on = co_await send(connection, unreadable, answered);
        } else {
            connection.wait(Waiting::for_the_folder);
            Answer answered = co_await answer(parser.get());
            goes_on = co_await send(connection, parser.get(), answered);
        }
    }
    co_await close(connection);
}

// In coroutines, whatever is awaited has a name: GCC 12 destroys temporaries in such expressions twice.

asio::awaitable<Answer> HubServer::State::answer(const Request& request) {
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
        Answer answered = refusal(request, http::status::method_not_allowed, "only GET and HEAD are answered");
        answered.header.set(http::field::allow, "GET, HEAD");
        co_return answered;
    }
    const std::string_view target = text_of(request.target());
    const std::string_view path = target.substr(0, target.find('?'));
    if (path == kListing) {
        const std::string_view query = target.substr(std::min(path.size() + 1, target.size()));
        co_return co_await answer_listing(request, query);
    }
    if (path.starts_with(kFiles)) {
        const std::string_view place = path.substr(kFiles.size());
        co_return co_await answer_file(request, place);
    }
    co_return refusal(request, http::status::not_found, "there is nothing here");
}

asio::awaitable<Answer> HubServer::State::answer_listing(const Request& request, std::string_view query) {
    const auto asked = hub::listing_request(hub::query_parameters(query));
    const std::string_view host = text_of(request[http::field::host]);
    if (!asked || !hub::is_host(host)) {
        co_return refusal(request, http::status::bad_request,
                          "a Host header, modelId, and, where they are given, pageSize from 1 on and a package's id as "
                          "startAfter are expected");
    }
    std::optional<ModelMetadata> model;
    const auto describe = [this, &asked] { return folder.describe(asked->model_id); };
    try {
        auto described = in_folder(describe);
        model = co_await std::move(described);
    } catch (const Error& error) {
        log::message(LogLevel::error, "{} {}", error.message(), error.hint());
        co_return refusal(request, http::status::internal_server_error,
                          "the model cannot be listed; the server's log says why");
    }
    if (!model) {
        const std::string why = fmt::format("there is no model `{}`", asked->model_id);
        co_return refusal(request, http::status::not_found, why);
    }
    // What a reverse proxy says of the way that the request came to it: the files come back the same way.
    const bool is_encrypted = request["X-Forwarded-Proto"] == "https";
    const std::string base_url = fmt::format("{}://{}{}", is_encrypted ? "https" : "http", host, kFiles);
    const hub::MetadataPage page = hub::page_of(std::move(*model), *asked, base_url);
    co_return json_answer(request, http::status::ok, hub::write_metadata_page(page));
}

asio::awaitable<Answer> HubServer::State::answer_file(const Request& request, std::string_view place) {
    std::optional<hub::HostedFile> file;
    const auto open = [this, place] { return folder.open(std::string(place)); };
    try {
        auto opened = in_folder(open);
        file = co_await std::move(opened);
    } catch (const Error& error) {
        log::message(LogLevel::error, "{} {}", error.message(), error.hint());
    }
    if (!file) co_return refusal(request, http::status::not_found, "there is no such file");
    co_return file_answer(request, std::move(*file));
}

HubServer::HubServer(const std::filesystem::path& directory, const std::string& host, std::uint16_t port)
    : state_(std::make_unique<State>(directory, host, port)) {}

HubServer::~HubServer() = default;

const std::string& HubServer::address() const noexcept {
    return state_->address;
}

const std::vector<std::string>& HubServer::model_ids() const noexcept {
    return state_->folder.model_ids();
}

void HubServer::run() {
    state_->folder_thread.emplace(1);
    asio::co_spawn(state_->context, state_->accept_all(), [](const std::exception_ptr& failure) {
        if (failure) std::rethrow_exception(failure);
    });
    state_->context.run();
}

void HubServer::stop() noexcept {
    state_->context.stop();
}

}  // namespace inference_models
