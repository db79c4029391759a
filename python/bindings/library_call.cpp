#include "library_call.hpp"

#include <unistd.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "bindings.hpp"

namespace inference_models::python {
namespace {

struct Calls {
    std::mutex mutex;
    std::size_t running = 0;
    std::optional<std::thread::id> last_thread;  ///< once Python ends: the one that may still call
};

/// Never destroyed: threads that Python does not wait for may stand in it while the process ends.
Calls*& calls() {
    static Calls* instance = new Calls;
    return instance;
}

/// When Python ends: lets running calls finish, and holds up those that other threads begin, as Python holds up the
/// threads themselves.
void finish_calls() {
    const LockReleased released;
    Calls& all = *calls();
    std::unique_lock lock(all.mutex);
    all.last_thread = std::this_thread::get_id();
    while (all.running > 0) {
        lock.unlock();
        // Once in the life of a process: a condition variable would ask for a newer libstdc++ than all else does.
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        lock.lock();
    }
}

/// Raised by a signal handler or a provider while this thread was in a library call.
std::optional<nb::python_error>& interruption() {
    static thread_local std::optional<nb::python_error> instance;
    return instance;
}

bool is_ending() {
    Calls& all = *calls();
    const std::scoped_lock lock(all.mutex);
    return all.last_thread.has_value();
}

/// In a child that was forked: the threads whose calls are counted are not there, and one may have held the mutex.
void forget_calls() {
    calls() = new Calls;
}

}  // namespace

CallInProgress::CallInProgress() {
    Calls& all = *calls();
    {
        const std::scoped_lock lock(all.mutex);
        if (!all.last_thread || *all.last_thread == std::this_thread::get_id()) {
            ++all.running;
            return;
        }
    }
    while (true) ::pause();  // until the process ends
}

CallInProgress::~CallInProgress() {
    Calls& all = *calls();
    const std::scoped_lock lock(all.mutex);
    --all.running;
}

bool goes_on() {
    if (is_ending()) return false;
    const nb::gil_scoped_acquire lock;
    if (PyErr_CheckSignals() == 0) return true;
    interruption().emplace();
    return false;
}

void interrupt_with(nb::python_error&& raised) {
    interruption().emplace(std::move(raised));
}

void throw_interruption() {
    if (!interruption()) return;
    const nb::python_error raised = std::move(*interruption());
    interruption().reset();
    throw raised;
}

void bind_library_call(nb::module_& module) {
    module.def("_finish_calls", finish_calls, "Waits for the calls of other threads.");
    module.def("_forget_calls", forget_calls, "Forgets the calls of a parent process.");
    nb::module_::import_("atexit").attr("register")(module.attr("_finish_calls"));
    nb::module_::import_("os").attr("register_at_fork")(nb::arg("after_in_child") = module.attr("_forget_calls"));
}

}  // namespace inference_models::python
