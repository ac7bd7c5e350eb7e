#include "daemon/check_connect.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <mutex>
#include <optional>

#include "config/secret.hpp"
#include "connectors/link/credential.hpp"
#include "connectors/link/link.hpp"
#include "connectors/registry.hpp"
#include "net/http.hpp"
#include "sinks/registry.hpp"
#include "text/url.hpp"

namespace tributary::daemon {
namespace {

constexpr std::size_t words_limit = 400;

/// Takes everything and passes nothing on: a check publishes nothing. Thread: main.
class NoIntake final : public event::Intake {
 public:
  void control(bool) override {}
  void malformed(const event::Malformed&, const event::Now&) override {}
  void carrying() override {}
  bool accept(event::Draft&&, const event::Now&) override { return true; }
  void ignored(event::Ignored) override {}
  void notice(const event::Notice& notice, const event::Now&) override {
    if (notice.type == "credentialExpiring") expiring = notice.data_json;
  }
  void live() override {}
  void settle() override {}
  bool congested() const override { return false; }
  void on_room(std::function<void()>) override {}

  std::string expiring;
};

/// Ends a trial at the first word about the connection. Thread: main.
class FirstAnswer final : public connectors::LinkObserver {
 public:
  void changed(const std::string&, const connectors::LinkStatus& status) override {
    if (answer) return;
    if (status.state == net::State::live || status.state == net::State::waiting || status.state == net::State::parked) {
      answer = status;
    }
  }
  void lost(const std::string&, const net::Ending&, bool) override {}
  void remarked(const std::string&, const connectors::Remark& remark) override { remarks.push_back(remark); }
  std::optional<connectors::LinkStatus> answer;
  std::vector<connectors::Remark> remarks;
};

/// The key that a person would look at first.
std::string key_of(net::Reason reason) {
  switch (reason) {
    case net::Reason::credential_unreadable:
    case net::Reason::credential_refused:
    case net::Reason::credential_expired:
      return ".auth";
    case net::Reason::wrong_channel:
      return ".channel";
    case net::Reason::engine_io_mismatch:
      return ".engine_io";
    case net::Reason::proxy_refused:
      return ".proxy";
    case net::Reason::tls_failed:
      return ".tls";
    default:
      return ".url";
  }
}

std::vector<std::string> read_all(const std::vector<config::Secret>& secrets) {
  std::vector<std::string> values;
  for (const auto& secret : secrets) {
    const auto read = config::SecretReader().read(secret);
    const auto* const value = std::get_if<config::SecretValue>(&read);
    values.emplace_back(value != nullptr ? value->reveal() : std::string_view());
  }
  return values;
}

/// One connector's trial. Lives for one call.
class Trial {
 public:
  Trial(const config::NamedSettings& named, std::chrono::milliseconds timeout, CheckReport& report)
      : named_(named),
        entry_(*connectors::find(named.type)),
        settings_(named.shared<connectors::Settings>()),
        path_("connectors." + config::path_element(named.name)),
        timeout_(timeout),
        report_(report) {}

  void run() {
    connectors::LinkSettings link_settings;
    link_settings.connector = named_.name;
    link_settings.source = entry_.name;
    link_settings.common = connectors::common_of(settings_);
    connectors::Link link(std::move(link_settings), entry_.protocol(named_.name, settings_),
                          {io_, workers_, budget_, intake_, verdict_});
    link.start();
    const auto end = std::chrono::steady_clock::now() + timeout_;
    const auto answered = [&] {
      if (!verdict_.answer) return false;
      return link.status().state != net::State::live || link.protocol().admission().settled;
    };
    while (!answered() && std::chrono::steady_clock::now() < end) io_.run_one_until(end);
    tell(link);
    bool gone = false;
    link.stop(std::chrono::seconds(2), [&gone] { gone = true; });
    const auto leave_by = std::chrono::steady_clock::now() + std::chrono::seconds(3);
    while (!gone && std::chrono::steady_clock::now() < leave_by) io_.run_one_until(leave_by);
    const auto secrets = read_all(link.protocol().secrets());
    look_up(link.protocol().lookups(secrets), secrets);
    workers_.join();
  }

 private:
  void tell(connectors::Link& link) {
    if (!verdict_.answer) {
      report_.bad(path_ + ".url", "no answer within the time");
    } else if (verdict_.answer->state == net::State::live) {
      std::string channels;
      for (const auto& channel : link.protocol().channels()) channels += " " + channel;
      report_.good(path_, link.protocol().admission().words + (channels.empty() ? "" : ", channel" + channels));
    } else {
      const auto& ending = verdict_.answer->ending;
      report_.bad(path_ + key_of(ending.reason), std::string(name(ending.reason)) + ": " + ending.detail);
    }
    for (const auto& remark : verdict_.remarks) {
      const std::string words = std::string(remark.code) + (remark.subject.empty() ? "" : ": " + remark.subject) +
                                (remark.detail.empty() ? "" : ": " + remark.detail);
      remark.needs_person ? report_.bad(path_, words) : report_.warn(path_, words);
    }
    if (!intake_.expiring.empty()) report_.warn(path_ + ".auth", "the credential expires soon: " + intake_.expiring);
  }

  /// What the socket cannot answer, asked over HTTP on the connector's own way: its proxy, its certificates.
  void look_up(const std::vector<connectors::Lookup>& lookups, const std::vector<std::string>& secrets) {
    auto kept_out = secrets;
    for (const auto& lookup : lookups) {
      for (auto& secret : text::secrets_of(lookup.request.url)) kept_out.push_back(std::move(secret));
    }
    for (auto& secret : text::secrets_of(settings_->common.proxy)) kept_out.push_back(std::move(secret));
    const auto clean = [&kept_out](std::string words) {
      for (const auto& secret : kept_out) words = connectors::redacted(words, secret, words_limit);
      return words;
    };
    std::size_t left = lookups.size();
    for (const auto& lookup : lookups) {
      --left;
      const auto result = ask(lookup.request);
      const std::string path = lookup.key.empty() ? path_ : path_ + "." + lookup.key;
      const std::string subject = lookup.subject + ": ";
      if (const auto* const ending = std::get_if<net::Ending>(&result)) {
        report_.bad(path, clean(subject + std::string(name(ending->reason)) + ": " + ending->detail));
        if (left != 0) report_.warn(path_, "not asked about " + std::to_string(left) + " more");
        return;
      }
      const auto finding = lookup.judge(std::get<net::HttpAnswer>(result));
      finding.good ? report_.good(path_, clean(subject + finding.words))
                   : report_.bad(path, clean(subject + finding.words));
    }
  }

  net::HttpExchange::Result ask(net::HttpRequest request) const {
    request.timeout = timeout_;
    request.proxy = settings_->common.proxy;
    request.tls = connectors::tls_settings(settings_->common.tls);
    request.tls.server_name.clear();  // that of the socket's host
    boost::asio::io_context io{1};
    std::optional<net::HttpExchange::Result> result;
    const auto exchange =
        net::HttpExchange::start(io, request, [&](net::HttpExchange::Result got) { result = std::move(got); });
    io.run();
    return std::move(*result);
  }

  const config::NamedSettings& named_;
  const connectors::Entry& entry_;
  const std::shared_ptr<const connectors::Settings> settings_;
  const std::string path_;
  const std::chrono::milliseconds timeout_;
  CheckReport& report_;
  boost::asio::io_context io_{1};
  boost::asio::thread_pool workers_{1};
  net::DialBudget budget_{0};
  NoIntake intake_;
  FirstAnswer verdict_;
};

}  // namespace

void check_connect(const config::Settings& settings, std::chrono::milliseconds timeout, CheckReport& report) {
  for (const auto& connector : settings.connectors) {
    if (connector.enabled) Trial(connector, timeout, report).run();
  }
  // Side by side: one that does not answer holds up none of the others.
  std::mutex reporting;
  std::vector<std::future<void>> asked;
  for (const auto& sink : settings.sinks) {
    const auto* type = sinks::find(sink.type);
    if (type == nullptr) continue;  // it speaks on a connector that was dialled above
    asked.push_back(std::async(std::launch::async, [&, type] {
      const std::string path = "sinks." + config::path_element(sink.name);
      type->check(sink, timeout, [&](const sinks::Finding& finding) {
        const std::lock_guard lock(reporting);
        const std::string key = finding.key.empty() ? path : path + "." + finding.key;
        if (!finding.good) return report.bad(key, finding.text);
        finding.doubtful ? report.warn(key, finding.text) : report.good(path, finding.text);
      });
    }));
  }
  for (auto& one : asked) one.get();
}

}  // namespace tributary::daemon
