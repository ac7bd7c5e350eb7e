#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdio>
#include <optional>

#include "config/load.hpp"
#include "config/secret.hpp"
#include "connectors/credential.hpp"
#include "connectors/link.hpp"
#include "connectors/registry.hpp"
#include "daemon/advice.hpp"
#include "daemon/app.hpp"
#include "daemon/commands.hpp"
#include "daemon/vocabulary.hpp"
#include "event/json.hpp"
#include "event/time.hpp"
#include "net/http.hpp"
#include "net/tls.hpp"
#include "sinks/registry.hpp"
#include "text/url.hpp"

namespace tributary::daemon {
namespace {

constexpr std::size_t words_limit = 400;

/// Findings of a check, printed as they come. Thread: main.
class Report {
 public:
  void good(const std::string& what) { std::printf("ok     %s\n", what.c_str()); }
  void warn(const std::string& what) { std::printf("warn   %s\n", what.c_str()); }
  void bad(const std::string& what) {
    std::printf("fault  %s\n", what.c_str());
    ++faults_;
  }
  int faults() const { return faults_; }

 private:
  int faults_ = 0;
};

/// Every secret must be readable. A JWT says when it expires; one that cannot change while the program runs is told of.
void check_secrets(const config::Loaded& loaded, Report& report) {
  const config::SecretReader reader;
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  for (const auto& named : loaded.secrets) {
    const auto read = reader.read(named.secret);
    if (const auto* fault = std::get_if<config::SecretFault>(&read)) {
      report.bad(config::format({named.place, named.path, fault->message}));
      continue;
    }
    const auto claims = connectors::claims_of(std::get<config::SecretValue>(read).reveal());
    if (!claims.odd_expiry.empty()) {
      report.warn(
          config::format({named.place, named.path,
                          "the token's `exp` is " + std::string(event::clip(claims.odd_expiry, 60)) + ", expected " +
                              std::string(connectors::odd_expiry_expected) + ": nobody is told before it expires"}));
    }
    const auto& expires = claims.expires;
    if (!expires) continue;
    using Kind = config::Secret::Kind;
    const bool fixed = named.secret.kind == Kind::env || named.secret.kind == Kind::credential;
    if (*expires <= now) {
      report.warn(config::format({named.place, named.path, "a token that has expired at " + event::to_text(*expires)}));
    } else if (fixed) {
      report.warn(config::format({named.place, named.path,
                                  "a token that expires at " + event::to_text(*expires) +
                                      ", and cannot be renewed while the program runs: use {file} or {command}"}));
    }
  }
}

/// With a certificate that cannot be used, none of the connector's dials would come through; the file may yet appear.
void check_certificates(const config::Settings& settings, Report& report) {
  for (const auto& connector : settings.connectors) {
    if (!connector.enabled) continue;
    std::string fault;
    const auto& tls = connector.as<connectors::Settings>().common.tls;
    if (!net::client_tls_context(connectors::tls_settings(tls), fault)) {
      report.warn("connectors." + config::path_element(connector.name) + ".tls: " + fault);
    }
  }
}

/// What only shows when a sink is made: that it cannot be, from settings which are right one by one.
void check_sinks(const config::Settings& settings, Report& report) {
  for (const auto& sink : settings.sinks) {
    const auto fault_of = sinks::find(sink.type)->fault;
    if (const auto fault = fault_of != nullptr ? fault_of(sink) : std::string(); !fault.empty()) {
      report.bad("sinks." + config::path_element(sink.name) + ": " + fault);
    }
  }
}

/// Takes everything and passes nothing on: a check publishes nothing.
class NoIntake final : public event::Intake {
 public:
  void control(bool) override {}
  void malformed(const event::Malformed&, const event::Now&) override {}
  void carrying() override {}
  void accept(event::Draft&&, const event::Now&) override {}
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

/// Ends a trial at the first word about the connection.
class Verdict final : public connectors::LinkObserver {
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

/// What the socket cannot answer, asked over HTTP on the connector's own way: its proxy, its certificates.
void look_up(const std::vector<connectors::Lookup>& lookups, const connectors::Settings& settings,
             const std::vector<std::string>& secrets, std::chrono::milliseconds timeout, const std::string& what,
             Report& report) {
  auto kept_out = secrets;
  for (const auto& lookup : lookups) {
    for (auto& secret : text::secrets_of(lookup.request.url)) kept_out.push_back(std::move(secret));
  }
  for (auto& secret : text::secrets_of(settings.common.proxy)) kept_out.push_back(std::move(secret));
  const auto clean = [&](std::string words) {
    for (const auto& secret : kept_out) words = connectors::redacted(words, secret, words_limit);
    return words;
  };
  std::size_t left = lookups.size();
  for (const auto& lookup : lookups) {
    --left;
    auto request = lookup.request;
    request.timeout = timeout;
    request.proxy = settings.common.proxy;
    request.tls = connectors::tls_settings(settings.common.tls);
    request.tls.server_name.clear();  // that of the socket's host
    boost::asio::io_context io{1};
    std::optional<net::HttpExchange::Result> result;
    const auto exchange =
        net::HttpExchange::start(io, request, [&](net::HttpExchange::Result got) { result = std::move(got); });
    io.run();
    const std::string subject = what + lookup.subject + ": ";
    if (const auto* const ending = std::get_if<net::Ending>(&*result)) {
      report.bad(clean(subject + std::string(name(ending->reason)) + ": " + ending->detail));
      if (left != 0) report.warn(what + "not asked about " + std::to_string(left) + " more");
      return;
    }
    const auto finding = lookup.judge(std::get<net::HttpAnswer>(*result));
    finding.good ? report.good(clean(subject + finding.words)) : report.bad(clean(subject + finding.words));
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

void check_connector(const config::NamedSettings& named, std::chrono::milliseconds timeout, Report& report) {
  boost::asio::io_context io{1};
  boost::asio::thread_pool workers{1};
  net::DialBudget budget{0};
  NoIntake intake;
  Verdict verdict;
  const auto& entry = *connectors::find(named.type);
  const auto settings = named.shared<connectors::Settings>();
  connectors::LinkSettings link_settings;
  link_settings.connector = named.name;
  link_settings.source = entry.name;
  link_settings.common = connectors::common_of(settings);
  const std::string what = "connectors." + named.name + ": ";
  {
    connectors::Link link(std::move(link_settings), entry.protocol(named.name, settings),
                          {io, workers, budget, intake, verdict});
    link.start();
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (!verdict.answer && std::chrono::steady_clock::now() < end) io.run_one_until(end);
    bool gone = false;
    link.stop(std::chrono::seconds(2), [&gone] { gone = true; });
    const auto leave_by = std::chrono::steady_clock::now() + std::chrono::seconds(3);
    while (!gone && std::chrono::steady_clock::now() < leave_by) io.run_one_until(leave_by);
    if (!verdict.answer) {
      report.bad(what + "no answer within the time");
    } else if (verdict.answer->state == net::State::live) {
      std::string channels;
      for (const auto& channel : link.protocol().channels()) channels += " " + channel;
      report.good(what + "authenticated" + (channels.empty() ? "" : ", channel" + channels));
    } else {
      report.bad(what + std::string(name(verdict.answer->ending.reason)) + ": " + verdict.answer->ending.detail);
    }
    for (const auto& remark : verdict.remarks) {
      const std::string words = what + std::string(remark.code) +
                                (remark.subject.empty() ? "" : ": " + remark.subject) +
                                (remark.detail.empty() ? "" : ": " + remark.detail);
      remark.needs_person ? report.bad(words) : report.warn(words);
    }
    if (!intake.expiring.empty()) report.warn(what + "the credential expires soon: " + intake.expiring);
    const auto secrets = read_all(link.protocol().secrets());
    look_up(link.protocol().lookups(secrets), *settings, secrets, timeout, what, report);
    workers.join();
  }
}

}  // namespace

int check_command(const std::filesystem::path& file, bool connect, std::chrono::milliseconds timeout) {
  const auto loaded = config::load(file, vocabulary());
  Report report;
  for (const auto& warning : loaded.warnings) report.warn(config::format(warning));
  for (const auto& fault : loaded.faults) report.bad(config::format(fault));
  check_secrets(loaded, report);
  if (loaded.settings) {
    for (const auto& advice : advice_on(loaded)) report.warn(config::format(advice));
    check_certificates(*loaded.settings, report);
    check_sinks(*loaded.settings, report);
  }
  if (report.faults() != 0) return bad_usage;
  report.good(file.string() + ": " + std::to_string(loaded.settings->connectors.size()) + " connectors, " +
              std::to_string(loaded.settings->sinks.size()) + " sinks, " +
              std::to_string(loaded.settings->routes.size()) + " routes");
  if (!connect) return ended_well;

  for (const auto& connector : loaded.settings->connectors) {
    if (connector.enabled) check_connector(connector, timeout, report);
  }
  for (const auto& sink : loaded.settings->sinks) {
    for (const auto& finding : sinks::find(sink.type)->check(sink, timeout)) {
      const std::string text = "sinks." + sink.name + ": " + finding.text;
      finding.good ? report.good(text) : report.bad(text);
    }
  }
  return report.faults() == 0 ? ended_well : failed;
}

}  // namespace tributary::daemon
