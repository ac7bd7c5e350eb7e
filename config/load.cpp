#include "config/load.hpp"

#include <unistd.h>

#include <array>
#include <system_error>
#include <utility>

#include "config/assembly.hpp"
#include "config/reader.hpp"
#include "config/spelling.hpp"
#include "config/tree.hpp"

namespace tributary::config {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "localhost";
  return name.data();
}

Loaded read(const Assembly& assembly, FaultList& report, const Vocabulary& vocabulary) {
  Loaded loaded;
  Settings settings;
  if (assembly.root().kind == Node::Kind::map) {
    Reader reader(assembly.root(), report, assembly.complete());
    settings.describe(reader, vocabulary);
    reader.finish();
  }
  if (settings.instance.empty()) settings.instance = host_name();
  loaded.state_directory = settings.spool.directory.resolved;
  if (report.sound()) loaded.settings = std::move(settings);
  report.deliver(loaded);
  loaded.sources = assembly.sources();
  return loaded;
}

}  // namespace

std::string format(const Fault& fault) {
  std::string text = escaped(fault.place.file);
  if (fault.place.line > 0) {
    text += ":" + std::to_string(fault.place.line) + ":" + std::to_string(fault.place.column);
  }
  if (!fault.path.empty()) text += ": " + escaped(fault.path, 256);
  return text + ": " + escaped(fault.message);
}

Loaded load(const std::filesystem::path& file, const Vocabulary& vocabulary) {
  FaultList report;
  Assembly assembly(report, Includes::followed);
  assembly.add_main(file);
  return read(assembly, report, vocabulary);
}

Loaded load_text(std::string_view text, const std::filesystem::path& name, const Vocabulary& vocabulary,
                 Includes includes) {
  FaultList report;
  Assembly assembly(report, includes);
  assembly.add_main(text, name);
  return read(assembly, report, vocabulary);
}

std::optional<std::filesystem::path> default_path() {
  for (const std::filesystem::path path : {"./tributary.yaml", "/etc/tributary/tributary.yaml"}) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return path;
  }
  return std::nullopt;
}

}  // namespace tributary::config
