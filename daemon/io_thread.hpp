#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "daemon/reporters.hpp"
#include "daemon/supervisor.hpp"
#include "relay/pipeline.hpp"

namespace tributary::daemon {

/// One io thread and what lives on it: whole connectors, and the pipeline that they share. Made and ended by main;
/// everything in it is used by its thread alone while that runs. Its end, where that has not come before, is that of
/// this object.
struct IoThread {
  IoThread() = default;
  ~IoThread() { end(); }
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  /// Nothing runs on it any more. Thread: main.
  void end() {
    over = true;
    io.stop();
    if (thread.joinable()) thread.join();
  }

  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::unique_ptr<ConnectorReporter> reporter;
  std::unique_ptr<relay::Pipeline> pipeline;
  std::unique_ptr<Supervisor> supervisor;
  std::thread thread;
  std::atomic<bool> quiet{false};  ///< its connectors have stopped
  std::atomic<bool> over{false};   ///< it is told to end

  /// Has the thread answer a question. The future is broken when the thread ends before.
  template <class Question>
  auto ask(Question question) {
    using Answer = decltype(question());
    auto task = std::make_shared<std::packaged_task<Answer()>>(std::move(question));
    auto answer = task->get_future();
    boost::asio::post(io, [task] { (*task)(); });
    return answer;
  }

  /// How often it has gone round when asked to; this asks again. Nothing once it is over. Thread: any.
  std::optional<std::uint64_t> pulse() {
    if (over) return std::nullopt;
    if (!asked_.exchange(true)) {
      boost::asio::post(io, [this] {
        ++rounds_;
        asked_ = false;
      });
    }
    return rounds_;
  }

 private:
  std::atomic<std::uint64_t> rounds_{0};
  std::atomic<bool> asked_{false};
};

}  // namespace tributary::daemon
