#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"
#include "connectors/registry.hpp"
#include "daemon/commands.hpp"
#include "daemon/vocabulary.hpp"

namespace tributary::daemon {
namespace {

constexpr std::string_view first_lines =
    R"(# A configuration for Tributary to begin with. Change what stands here as the comments say, then
#   tributary check -c FILE             says what is still wrong, with line and column
#   tributary check --connect -c FILE   also dials, and asks Kafka for its topics
#   tributary run -c FILE               is the relay
# `tributary schema reference` has every other key, each with its default. Relative paths start at this file.
# Secrets stand in files of their own, one in each, which the service alone may read: mkdir -m 700 secrets

)";

constexpr std::string_view last_lines = R"(
sinks:                                      # where events go; without Kafka: `{type: file, path: events.jsonl}`
  events:                                   # topics of a Kafka cluster
    type: kafka
    brokers: [localhost:9092]               # host:port of some brokers; the others are learnt from them
    # Topics that are missing are made; `replication: 3` for a cluster of three brokers or more.
    create_topics: {enabled: true, replication: 1}
    # For a Kafka that is not on this machine; the password is that of the user whom its administrator made:
    # security: {protocol: sasl_ssl, sasl_mechanism: SCRAM-SHA-512, username: relay, password: {file: secrets/kafka}}

routes:                                     # an event goes to every sink of every route that matches it
  - to: [events]                            # only some of them: `types: [tip]`, `where: "data.amount >= 5"`

# What Kafka has not acknowledged is kept here, and sent after a restart. For one process alone; a service has
# /var/lib/tributary.
spool:
  directory: spool
)";

std::size_t indent_of(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

bool is_required(std::string_view comment) { return comment.find("# required") != std::string_view::npos; }

/// Of the reference's example of one connector: its `type`, its `url`, and what is required, with all that stands in
/// it.
std::string short_example(std::string_view reference, const connectors::Entry& entry) {
  std::string kept;
  const std::string begin = "\n  " + std::string(entry.example_name) + ":";
  auto at = reference.find(begin);
  if (at == std::string_view::npos) return {};
  at = reference.find('\n', at + 1) + 1;
  std::string_view comment;  // a line of its own, of the key below it
  bool wanted = false;       // the key of four spaces that we are in
  for (auto end = reference.find('\n', at); end != std::string_view::npos;
       at = end + 1, end = reference.find('\n', at)) {
    const auto line = reference.substr(at, end - at);
    const auto indent = indent_of(line);
    if (line.empty() || indent < 4) break;
    if (line[indent] == '#' && indent == 4) {
      comment = line;
      continue;
    }
    if (indent == 4) {
      const auto key = line.substr(4, line.find(':') - 4);
      wanted = key == "type" || key == "url" || is_required(line) || is_required(comment);
      if (wanted && !comment.empty()) kept.append(comment) += '\n';
      comment = {};
    }
    if (wanted) kept.append(line) += '\n';
  }
  return kept;
}

/// Each line of it as a comment.
std::string as_comment(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.append("    # ").append(text.substr(0, end)) += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::string first_configuration(const std::vector<std::string>& types) {
  const std::string reference = config::reference(vocabulary());
  std::string text(first_lines);
  text += "version: 1\n\nconnectors:                                 # one for each socket; the names are yours\n";
  for (const auto& entry : connectors::registry()) {
    if (!types.empty() && std::find(types.begin(), types.end(), entry.name) == types.end()) continue;
    text.append("  ").append(entry.example_name).append(":  # ").append(entry.summary) += '\n';
    text += as_comment(entry.first_steps);
    text += short_example(reference, entry);
    if (!entry.first_settings.empty()) text.append("    ").append(entry.first_settings) += '\n';
  }
  return text.append(last_lines);
}

int init_command(const std::vector<std::string>& types) {
  const std::string text = first_configuration(types);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return answered(ended_well);
}

}  // namespace tributary::daemon
