#include "daemon/marks_of.hpp"

#include <utility>

#include "config/load.hpp"
#include "config/secret.hpp"

namespace tributary::daemon {

std::variant<event::MarksPtr, std::vector<std::string>> marks_of(const config::Settings& settings) {
  std::vector<std::string> faults;
  const auto read = [&](const std::string& path, const config::Secret& secret) -> std::string {
    auto answer = config::SecretReader().read(secret);
    if (const auto* value = std::get_if<config::SecretValue>(&answer)) return std::string(value->reveal());
    faults.push_back("marks." + path + ": " + std::get<config::SecretFault>(answer).message);
    return {};
  };
  event::Marks::Settings marks;
  marks.instance = settings.instance;
  marks.kid = settings.marks.kid;
  if (settings.marks.signing_key) marks.signing_key = read("signing_key", *settings.marks.signing_key);
  for (const auto& [name, key] : settings.marks.trusted_origins) {
    const auto [origin, kid] = config::trusted_origin(name);
    marks.trusted.push_back(
        {std::string(origin), std::string(kid), read("trusted_origins." + config::path_element(name), key)});
  }
  if (!faults.empty()) return faults;
  return std::make_shared<const event::Marks>(std::move(marks));
}

}  // namespace tributary::daemon
