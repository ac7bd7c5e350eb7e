#include "spool/tail.hpp"

#include <utility>

#include "spool/writer.hpp"

namespace tributary::spool {

std::variant<std::unique_ptr<SinkTail>, std::string> SinkTail::open(const std::filesystem::path& file,
                                                                    const Settings& settings, Observer& observer) {
  Salvaged salvaged;
  auto opened = File::open(file, settings.vfs, salvaged);
  if (auto* fault = std::get_if<std::string>(&opened)) return file.string() + " " + std::move(*fault);
  auto writer = std::make_shared<Writer>(std::move(std::get<0>(opened)), settings, observer, file.string());
  if (salvaged.made_anew) writer->tell(Writer::news_of(salvaged));
  writer->start();
  return std::unique_ptr<SinkTail>(new SinkTail(file, std::move(writer)));
}

std::string SinkTail::fault_of(const std::filesystem::path& file) {
  const auto fault = File::fault_of(file);
  return fault.empty() ? fault : file.string() + " " + fault;
}

SinkTail::SinkTail(std::filesystem::path file, std::shared_ptr<Writer> writer)
    : file_(std::move(file)), writer_(std::move(writer)) {}

SinkTail::~SinkTail() {
  using namespace std::chrono_literals;
  static_cast<void>(writer_->finish(2s));
}

void SinkTail::set(const event::TailSettings& limits) { writer_->set_limits(limits); }
std::vector<SpooledId> SinkTail::ids(std::size_t most) { return writer_->ids(most); }
std::uint64_t SinkTail::bytes() const { return writer_->used(); }
std::map<std::string, std::uint64_t> SinkTail::streams() const { return writer_->streams(); }
std::uint64_t SinkTail::records() const { return writer_->records(); }
std::vector<event::TailLeft> SinkTail::left() { return writer_->left(); }
void SinkTail::append(const event::LaneName& lane, event::TailRecord record) {
  thread_.check();
  writer_->append(lane, std::move(record));
}
std::uint64_t SinkTail::committed() const { return writer_->committed(); }
void SinkTail::read(const event::LaneName& lane, std::uint64_t from, std::size_t bytes) {
  thread_.check();
  writer_->read(lane, from, bytes);
}
std::optional<event::TailNews> SinkTail::take() {
  thread_.check();
  return writer_->take();
}
/// One outbox begins or has ended; the next one has a thread of its own.
void SinkTail::on_news(std::function<void()> wake) {
  thread_.hand_over();
  writer_->on_news(std::move(wake));
}
void SinkTail::forget(const event::LaneName& lane, std::uint64_t first, std::uint64_t last) {
  thread_.check();
  writer_->forget(lane, first, last);
}
bool SinkTail::full() const { return writer_->full(); }
bool SinkTail::failing() const { return writer_->failing(); }
std::size_t SinkTail::held() const { return writer_->held(); }
std::optional<event::TailKept> SinkTail::kept() const { return writer_->kept(); }
void SinkTail::close(std::chrono::milliseconds timeout) { writer_->close(timeout); }

}  // namespace tributary::spool
