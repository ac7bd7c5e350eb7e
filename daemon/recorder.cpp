#include "daemon/recorder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "config/load.hpp"
#include "connectors/link/settings.hpp"
#include "daemon/recording.hpp"
#include "daemon/vocabulary.hpp"
#include "event/thread_check.hpp"
#include "text/time.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view file_end = ".frames.jsonl";
constexpr std::size_t stamp_size = 19;  ///< 20261128T213000123Z
constexpr auto told_again = 60s;        ///< that the disk is too slow

std::string stamp_of(event::WallTime at) {
  std::string stamp = text::to_text(at);
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':' || c == '.'; });
  return stamp;
}

bool is_recording_of(const std::string& connector, const std::string& file) {
  if (file.size() != connector.size() + 1 + stamp_size + file_end.size()) return false;
  const auto stamp = std::string_view(file).substr(connector.size() + 1, stamp_size);
  return file.starts_with(connector + "-") && file.ends_with(file_end) &&
         std::all_of(stamp.begin(), stamp.end(), [](char c) { return (c >= '0' && c <= '9') || c == 'T' || c == 'Z'; });
}

/// The connector's own settings as they are in force, with nothing of its headers.
std::string public_settings(const config::NamedSettings& connector) {
  config::Settings alone;
  alone.connectors.push_back(connector);
  const std::string all = config::shown(alone, vocabulary());
  const auto begin = all.find("\nconnectors:");
  if (begin == std::string::npos) return {};
  std::string kept;
  bool in_headers = false;
  for (std::size_t at = begin + 1; at < all.size();) {
    const auto end = std::min(all.find('\n', at), all.size() - 1) + 1;
    const std::string_view line = std::string_view(all).substr(at, end - at);
    at = end;
    if (line.front() != ' ' && !line.starts_with("connectors:")) break;
    const auto indent = line.find_first_not_of(' ');
    if (in_headers && indent > 4) continue;
    in_headers = indent == 4 && line.substr(4).starts_with("headers:");
    if (!in_headers) kept += line;
  }
  return kept;
}

std::string error_text() { return std::strerror(errno); }

}  // namespace

/// What one connector has said and is not yet written. Its tape: thread io; the rest: the recorder's thread.
class Recorder::Reel final : public connectors::Tape {
 public:
  Reel(std::shared_ptr<Shared> shared, std::string connector, const config::RecordSettings& settings,
       RecordingHead head)
      : connector_(std::move(connector)), settings_(settings), head_(std::move(head)), shared_(std::move(shared)) {}

  void opened(std::string_view upstream, const event::Now& now) override {
    thread_.check();
    Recorded line;
    line.what = Recorded::What::opened;
    line.at = now.wall;
    line.text = upstream;
    add(line_of(line), now.wall);
  }
  void frame(Way way, std::string_view payload, bool binary, const event::Now& now) override {
    thread_.check();
    const auto what = way == Way::sent ? Recorded::What::sent : Recorded::What::received;
    add(line_of_frame(what, payload, binary, now.wall), now.wall);
  }
  void ended(const net::Ending& ending, bool by_us, const event::Now& now) override {
    thread_.check();
    Recorded line;
    line.what = Recorded::What::ended;
    line.at = now.wall;
    line.ending = ending;
    line.by_us = by_us;
    add(line_of(line), now.wall);
  }

  const std::string& connector() const { return connector_; }
  const config::RecordSettings& settings() const { return settings_; }
  const RecordingHead& head() const { return head_; }
  bool take(std::string& lines, std::uint64_t& missed);

 private:
  void add(std::string line, event::WallTime at);

  [[no_unique_address]] event::ThreadCheck thread_;  ///< of what says the frames
  const std::string connector_;
  const config::RecordSettings settings_;
  const RecordingHead head_;
  const std::shared_ptr<Shared> shared_;
  std::string waiting_;       ///< whole lines, guarded by the mutex of `shared_`
  std::uint64_t missed_ = 0;  ///< since the last line that was taken, likewise
  std::uint64_t untold_ = 0;  ///< of those, what the log has not heard of, likewise
};

/// What the thread and the tapes share; it outlives both.
struct Recorder::Shared {
  std::mutex mutex;
  std::condition_variable work, over;
  std::vector<std::shared_ptr<Reel>> fresh;  ///< tapes that the thread does not know yet
  Telemetry* telemetry = nullptr;            ///< null: nobody listens any more
  Limits limits;
  bool awake = false, running = false, stop = false;

  void tell(LogEvent what, const std::string& connector, const std::string& words, Telemetry::Fields fields = {}) {
    const std::lock_guard lock(mutex);
    if (telemetry != nullptr) telemetry->emit(what, connector, words, std::move(fields));
  }
};

void Recorder::Reel::add(std::string line, event::WallTime at) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->stop || (!waiting_.empty() && waiting_.size() + line.size() > shared_->limits.waiting)) {
    ++missed_, ++untold_;
    return;
  }
  if (missed_ != 0) {
    Recorded gap;
    gap.what = Recorded::What::missed;
    gap.at = at;
    gap.count = std::exchange(missed_, 0);
    waiting_ += line_of(gap);
  }
  waiting_ += line;
  if (!std::exchange(shared_->awake, true)) shared_->work.notify_one();
}

bool Recorder::Reel::take(std::string& lines, std::uint64_t& missed) {
  const std::lock_guard lock(shared_->mutex);
  lines.clear();
  std::swap(lines, waiting_);
  missed = std::exchange(untold_, 0);
  return !lines.empty();
}

/// The file that a reel is written to, and those before it. Thread: the recorder's.
class Recorder::File {
 public:
  File(std::shared_ptr<Reel> reel, Shared& shared) : reel_(std::move(reel)), shared_(shared) {}
  ~File() { close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool orphaned() const { return reel_.use_count() == 1; }

  void work() {
    std::string lines;
    std::uint64_t missed = 0;
    const bool any = reel_->take(lines, missed);
    if (missed != 0) told_slow(missed);
    if (any) write_lines(lines);
  }

 private:
  void write_lines(std::string_view lines) {
    while (!lines.empty()) {
      if (!ready() || !tell_lost()) return lose(lines);
      const auto quarter = static_cast<std::size_t>(reel_->settings().max_size.bytes / 4);
      auto part = lines;
      if (size_ + lines.size() > quarter) {
        const auto room = quarter > size_ ? quarter - size_ : 0;
        const auto end = lines.substr(0, room).rfind('\n');
        part = lines.substr(0, (end == std::string_view::npos ? (any_ ? 0 : lines.find('\n') + 1) : end + 1));
      }
      if (part.empty()) {
        close();
        continue;
      }
      if (!write(part)) return lose(lines);
      any_ = true;
      lines.remove_prefix(part.size());
    }
  }

  void lose(std::string_view lines) {
    const auto count = static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
    lost_ += count;
    unwritten_ += count;
  }

  /// Says in the file how many lines are missing before what is written next.
  bool tell_lost() {
    if (unwritten_ == 0) return true;
    Recorded gap;
    gap.what = Recorded::What::missed;
    gap.at = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    gap.count = unwritten_;
    if (!write(line_of(gap))) return false;
    unwritten_ = 0;
    return true;
  }

  /// Is there a file to write to? One that cannot be written to is tried again later.
  bool ready() {
    if (descriptor_ >= 0) return true;
    const auto now = std::chrono::steady_clock::now();
    if (failing_ && now < again_) return false;
    return open();
  }

  bool open() {
    const std::filesystem::path directory = reel_->settings().directory.resolved;
    std::error_code fault;
    if (!std::filesystem::is_directory(directory, fault)) {
      std::filesystem::create_directories(directory, fault);
      if (fault) return failed(directory.string() + " cannot be made: " + fault.message());
      ::chmod(directory.c_str(), S_IRWXU);
    }
    make_room(directory);
    auto at = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    for (int tries = 0; tries < 100 && descriptor_ < 0; ++tries, at += 1ms) {
      path_ = directory / (reel_->connector() + "-" + stamp_of(at) + std::string(file_end));
      descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
      if (descriptor_ < 0 && errno != EEXIST) break;
    }
    if (descriptor_ < 0) return failed(path_.string() + " cannot be made: " + error_text());
    auto head = reel_->head();
    head.at = at;
    head.continues = std::exchange(began_, true);
    size_ = 0;
    any_ = false;
    return write(line_of(head));
  }

  /// All or nothing: half a line is cut off again.
  bool write(std::string_view lines) {
    const auto whole = size_;
    while (!lines.empty()) {
      const auto written = ::write(descriptor_, lines.data(), lines.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) {
        const std::string why = path_.string() + " cannot be written: " + error_text();
        if (::ftruncate(descriptor_, static_cast<off_t>(whole)) == 0) size_ = whole;
        if (whole == 0) ::unlink(path_.c_str());
        return failed(why);
      }
      size_ += static_cast<std::size_t>(written);
      lines.remove_prefix(static_cast<std::size_t>(written));
    }
    if (std::exchange(failing_, false)) {
      shared_.tell(LogEvent::recording_works, reel_->connector(), "frames are recorded again, in " + path_.string(),
                   {{"missed", std::exchange(lost_, 0)}});
    }
    return true;
  }

  bool failed(const std::string& why) {
    close();
    again_ = std::chrono::steady_clock::now() + shared_.limits.try_again;
    if (!std::exchange(failing_, true)) {
      shared_.tell(LogEvent::recording_failed, reel_->connector(),
                   why + "; frames are not recorded until this works again, nothing else stops");
    }
    return false;
  }

  /// Removes the oldest files until the next may become as large as it can.
  void make_room(const std::filesystem::path& directory) {
    std::vector<std::pair<std::string, std::uintmax_t>> files;
    std::uintmax_t total = 0;
    std::error_code fault;
    for (std::filesystem::directory_iterator each(directory, fault), end; !fault && each != end;
         each.increment(fault)) {
      std::error_code gone;
      const auto name = each->path().filename().string();
      if (!is_recording_of(reel_->connector(), name)) continue;
      const auto size = each->file_size(gone);
      if (gone) continue;
      files.emplace_back(name, size);
      total += size;
    }
    std::sort(files.begin(), files.end());
    const auto most = static_cast<std::uintmax_t>(reel_->settings().max_size.bytes);
    for (const auto& [name, size] : files) {
      if (total <= most - most / 4) return;
      if (std::filesystem::remove(directory / name, fault)) total -= size;
    }
  }

  void told_slow(std::uint64_t missed) {
    slow_ += missed;
    const auto now = std::chrono::steady_clock::now();
    if (told_ && now - *told_ < told_again) return;
    told_ = now;
    shared_.tell(LogEvent::recording_incomplete, reel_->connector(),
                 "the disk is slower than the frames: some are not recorded, nothing else waits",
                 {{"missed", std::exchange(slow_, 0)}});
  }

  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

  std::shared_ptr<Reel> reel_;
  Shared& shared_;
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::size_t size_ = 0;
  bool any_ = false;    ///< lines beside the first are in the file
  bool began_ = false;  ///< an earlier file has the beginning
  bool failing_ = false;
  std::uint64_t lost_ = 0;       ///< since it failed
  std::uint64_t unwritten_ = 0;  ///< of those, what no file tells of
  std::uint64_t slow_ = 0;
  std::chrono::steady_clock::time_point again_{};
  std::optional<std::chrono::steady_clock::time_point> told_;
};

Recorder::Recorder(Telemetry& telemetry, std::string run) : Recorder(telemetry, std::move(run), Limits()) {}

Recorder::Recorder(Telemetry& telemetry, std::string run, Limits limits)
    : run_(std::move(run)), shared_(std::make_shared<Shared>()) {
  shared_->telemetry = &telemetry;
  shared_->limits = limits;
}

Recorder::~Recorder() {
  std::unique_lock lock(shared_->mutex);
  shared_->stop = shared_->awake = true;
  shared_->work.notify_one();
  shared_->over.wait_for(lock, 2s, [this] { return !shared_->running; });
  shared_->telemetry = nullptr;
}

std::shared_ptr<connectors::Tape> Recorder::tape(const config::NamedSettings& connector) {
  const auto& record = connector.as<connectors::Settings>().common.record;
  if (record.directory.empty()) return nullptr;
  RecordingHead head{connector.name, connector.type, {}, false, run_, public_settings(connector)};
  auto reel = std::make_shared<Reel>(shared_, connector.name, record, std::move(head));
  std::string refused;
  {
    const std::lock_guard lock(shared_->mutex);
    try {
      // Detached, as a disk can hang for ever: what it uses is its own.
      if (!shared_->running) std::thread([shared = shared_] { run(shared); }).detach();
      shared_->running = true;
    } catch (const std::system_error& no_thread) {
      refused = no_thread.what();
    }
    shared_->fresh.push_back(reel);
  }
  if (!refused.empty()) {
    shared_->tell(LogEvent::recording_failed, connector.name,
                  "no thread can be made for it (" + refused +
                      "); what is said waits until another connector is recorded, or is lost, and nothing else stops");
  }
  return reel;
}

void Recorder::run(const std::shared_ptr<Shared>& shared) {
  std::vector<std::unique_ptr<File>> files;
  for (bool last = false; !last;) {
    {
      std::unique_lock lock(shared->mutex);
      shared->work.wait_for(lock, 1s, [&] { return shared->awake; });
      shared->awake = false;
      last = shared->stop;
      for (auto& reel : std::exchange(shared->fresh, {})) {
        files.push_back(std::make_unique<File>(std::move(reel), *shared));
      }
    }
    for (const auto& file : files) file->work();
    std::erase_if(files, [](const auto& file) {
      if (!file->orphaned()) return false;
      file->work();  // what came after the look
      return true;
    });
  }
  files.clear();
  const std::lock_guard lock(shared->mutex);
  shared->running = false;
  shared->over.notify_all();
}

}  // namespace tributary::daemon
