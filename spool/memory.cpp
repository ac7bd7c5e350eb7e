#include "spool/memory.hpp"

#include <algorithm>
#include <utility>

namespace tributary::spool {
namespace {

using Clock = std::chrono::steady_clock;

/// As many as some connectors' dedupe together may want.
constexpr std::size_t most_spooled_ids = 131'072;

std::string words_for(const std::filesystem::path& file, const DatabaseFault& fault) {
  std::string words = file.string() + ": " + fault.words;
  if (!fault.code.empty()) words.append(" (").append(fault.code).append(")");
  return words;
}

}  // namespace

Memory::Memory(std::unique_ptr<Directory> directory, const Observers& observers, const Settings& settings)
    : directory_(std::move(directory)),
      observers_(observers),
      settings_(settings),
      observer_(observers_("")),
      file_(directory_->memory_file()) {}

std::variant<std::unique_ptr<Memory>, std::string> Memory::open(const std::filesystem::path& directory,
                                                                const Observers& observers, const Settings& settings) {
  auto opened = Directory::open(directory);
  if (auto* fault = std::get_if<std::string>(&opened)) return std::move(*fault);
  std::unique_ptr<Memory> memory(
      new Memory(std::get<std::unique_ptr<Directory>>(std::move(opened)), observers, settings));
  const auto file = memory->file_.open();
  if (file.newer) {
    return memory->file_.path().string() + " " + file.fault.words;
  }
  memory->tell(file);
  memory->seen_ = memory->file_.seen();
  memory->begin();
  return memory;
}

std::vector<std::string> Memory::faults_of(const std::filesystem::path& directory,
                                           const std::vector<std::string>& sinks) {
  std::vector<std::string> faults{MemoryFile::fault_of(directory / "memory.db")};
  for (const auto& sink : sinks) faults.push_back(SinkTail::fault_of(Directory::file_in(directory, sink)));
  std::erase(faults, std::string());
  return faults;
}

void Memory::begin() {
  thread_ = std::thread([this] { run(); });
}

Memory::~Memory() {
  tails_.clear();  // they tell the last receipts
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
}

ConnectorMemory& Memory::connector(const std::string& name) {
  const std::lock_guard lock(connectors_mutex_);
  auto& known = connectors_[name];
  if (known) return *known;
  const auto found = seen_.find(name);
  known = std::make_unique<ConnectorMemory>(
      name, found == seen_.end() ? std::map<std::string, event::WallTime>() : std::move(found->second),
      [this](const std::string& connector) { return ids(connector); }, [this] { wake(); });
  return *known;
}

std::variant<event::Tail*, std::string> Memory::tail(const std::string& sink, const event::TailSettings& settings) {
  if (const auto known = tails_.find(sink); known != tails_.end()) {
    known->second->set(settings);
    return known->second.get();
  }
  SinkTail::Settings wanted;
  wanted.limits = settings;
  wanted.hold = [this] { return directory_->hold(); };
  const auto file = directory_->file_of(sink);
  static_cast<void>(make_private(file));  // where it cannot be made, `open` says why
  auto opened = SinkTail::open(file, wanted, observers_(sink));
  if (auto* fault = std::get_if<std::string>(&opened)) return std::move(*fault);
  auto& known = tails_[sink] = std::get<std::unique_ptr<SinkTail>>(std::move(opened));
  for (const auto& spooled : known->ids(most_spooled_ids)) connector(spooled.connector).remember(spooled.id);
  return known.get();
}

const SinkTail* Memory::tail(const std::string& sink) const {
  const auto found = tails_.find(sink);
  return found == tails_.end() ? nullptr : found->second.get();
}

std::set<std::string> Memory::tails() const {
  std::set<std::string> sinks;
  for (const auto& [sink, tail] : tails_) sinks.insert(sink);
  return sinks;
}

void Memory::keep_only(const std::set<std::string>& sinks) {
  std::erase_if(tails_, [&](const auto& tail) { return sinks.count(tail.first) == 0; });
}

/// Thread: io.
std::vector<event::KnownId> Memory::ids(const std::string& connector) {
  const std::lock_guard lock(file_mutex_);
  return file_.is_open() ? file_.ids(connector) : std::vector<event::KnownId>();
}

/// Thread: any.
void Memory::wake() {
  {
    const std::lock_guard lock(mutex_);
    new_ = true;
  }
  woken_.notify_all();
}

void Memory::run() {
  auto retry = settings_.retry_first;
  std::unique_lock lock(mutex_);
  for (;;) {
    woken_.wait(lock, [this] { return new_ || stopping_; });
    const bool last = stopping_;
    new_ = false;
    lock.unlock();
    const bool written = write();
    lock.lock();
    if (last) return;
    if (!written) new_ = true;
    woken_.wait_for(lock, written ? settings_.write_every : retry, [this] { return stopping_; });
    retry = written ? settings_.retry_first : std::min(retry * 2, settings_.retry_most);
  }
}

/// What is new since the last time, all or nothing.
bool Memory::write() {
  const std::lock_guard lock(file_mutex_);  // who asks for ids meanwhile must not miss what is on its way
  if (!file_.is_open()) {
    const auto opened = file_.open();
    tell(opened);
    if (opened.fault) return false;
  } else if (!file_.in_place()) {
    auto wrong = directory_->hold();
    const auto fault = wrong.empty() ? file_.put_back()
                                     : DatabaseFault{DatabaseFault::Kind::trouble, "SQLITE_CANTOPEN", std::move(wrong)};
    if (fault) {
      tell(fault);
      return false;
    }
  }
  std::vector<ConnectorMemory*> connectors;
  {
    const std::lock_guard names(connectors_mutex_);
    for (const auto& [name, connector] : connectors_) connectors.push_back(connector.get());
  }
  std::vector<MemoryChanges> changes;
  for (auto* connector : connectors) {
    auto some = connector->take();
    if (!some.empty()) changes.push_back(std::move(some));
  }
  if (changes.empty()) return true;
  const auto fault = file_.write(changes);
  if (!fault) {
    tell_good();
    return true;
  }
  for (auto& some : changes) connector(some.connector).give_back(std::move(some));
  tell(fault);
  return false;
}

void Memory::tell(const MemoryFile::Opened& opened) {
  if (!opened.set_aside.empty()) {
    SpoolNews news;
    news.sign = SpoolSign::set_aside;
    news.file = file_.path().native();
    news.text = file_.path().string() + " was damaged and is now " + opened.set_aside +
                "; a new one is begun: events that come again may pass once more, and gaps since the last run are not "
                "known";
    observer_.on_news(news);
  }
  if (opened.fault) tell(opened.fault);
}

void Memory::tell(const DatabaseFault& fault) {
  if (std::exchange(in_trouble_, true)) return;
  trouble_since_ = Clock::now();
  SpoolNews news;
  news.sign = SpoolSign::cannot_write;
  news.file = file_.path().native();
  news.code = fault.code;
  news.text = words_for(file_.path(), fault) +
              "; until it can be written, a crash forgets which events have been seen and until when channels were "
              "listened to";
  observer_.on_news(news);
}

void Memory::tell_good() {
  if (!std::exchange(in_trouble_, false)) return;
  SpoolNews news;
  news.sign = SpoolSign::works_again;
  news.file = file_.path().native();
  news.text = file_.path().string() + " is written again";
  news.lasted = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - trouble_since_);
  observer_.on_news(news);
}

}  // namespace tributary::spool
