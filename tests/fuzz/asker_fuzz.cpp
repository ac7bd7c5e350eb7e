// What a request to the admin port says of who asks, and what it asks of /events. An input: the Host header, then
// Origin, Sec-Fetch-Site, -Mode, -Dest and the query, each on a line of its own. What must hold: on loopback only a
// name of loopback is served, nobody without a token changes anything where one is needed, and a filter takes what it
// names.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "admin/access.hpp"
#include "admin/event_filter.hpp"
#include "admin/server.hpp"

using namespace tributary;
using admin::Access;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// Independently of `judge`: `localhost`, `127.` and further digits, `::1`, in brackets or not, with a port or without.
bool is_of_loopback(std::string host) {
  for (char& c : host) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const std::string digits = "0123456789";
  if (const auto colon = host.rfind(':'); colon != std::string::npos && host.back() != ']') {
    const auto port = host.substr(colon + 1);
    if (port.empty() || port.size() > 5 || port.find_first_not_of(digits) != std::string::npos) return false;
    host.resize(colon);
  }
  if (host == "localhost" || host == "[::1]" || host == "[localhost]") return true;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host == "::1" || (host.starts_with("127.") && host.find_first_not_of(digits + ".") == std::string::npos);
}

std::string_view line_from(std::string_view& input) {
  const auto end = std::min(input.find('\n'), input.size());
  const auto line = input.substr(0, end);
  input.remove_prefix(std::min(end + 1, input.size()));
  return line;
}

void judge_all(const net::Headers& headers) {
  auto asker = admin::Asker::of(headers);
  const std::string host(asker.host);
  for (const bool loopback : {false, true}) {
    for (const bool needs_token : {false, true}) {
      for (const bool known : {false, true}) {
        asker.known = known, asker.offers = known;
        for (const auto access : {Access::anyone, Access::open, Access::read, Access::change}) {
          const auto verdict = admin::judge({loopback, needs_token}, asker, access);
          require(verdict.status == 200 || !verdict.words.empty());
          if (verdict.status != 200) continue;
          if (loopback) require(is_of_loopback(host));
          if (access == Access::change || access == Access::read) require(known || !needs_token);
          if (verdict.details) require(known || !needs_token);
          if (access == Access::change) require(asker.fetch_site != "cross-site" && asker.origin != "null");
        }
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  net::Headers headers;
  for (const char* name : {"Host", "Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"}) {
    const auto value = line_from(input);
    if (!value.empty()) headers.emplace_back(name, value);
  }
  judge_all(headers);
  std::string fault;
  const auto query = admin::fields_of(input);
  const auto filter = admin::event_filter(query, fault);
  require(filter.has_value() == fault.empty());
  if (!filter) return 0;
  for (const auto* words : {&filter->types, &filter->connectors}) {
    for (const auto& word : *words) require(!word.empty() && word.find(',') == std::string::npos);
  }
  return 0;
}
