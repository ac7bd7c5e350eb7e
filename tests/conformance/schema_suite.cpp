// Runs a copy of the JSON-Schema-Test-Suite for draft-07 over the validator.
//
//   schema_suite DIRECTORY...       each holds tests/draft7 and remotes
//
// Required: every file of tests/draft7 and the optional ones of all formats that are asserted, with that of formats
// nobody knows; a failure there, or a format without a file, is exit 1. The other
// optional files are run as well and only reported, except those that need what is not promised (other formats, content
// media types, other drafts).
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "schema/document.hpp"
#include "schema/format_kinds.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"

namespace {

namespace fs = std::filesystem;
using tributary::schema::Document;
using tributary::schema::Schema;
using tributary::schema::SchemaError;
using tributary::schema::Validator;

struct Count {
  int passed = 0;
  int failed = 0;
};

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<fs::path> json_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::map<std::string, std::string> remote_documents(const fs::path& folder) {
  std::map<std::string, std::string> documents;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    documents["http://localhost:1234/" + fs::relative(entry.path(), folder).generic_string()] = text_of(entry.path());
  }
  return documents;
}

// The value at `pointer` as it is written in the file: a tree would round big numbers.
std::string exact_text(const std::string& text, const std::string& pointer) {
  const std::size_t begin = tributary::schema::locate(text, pointer).offset;
  int depth = 0;
  bool quoted = false;
  std::size_t end = begin;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (quoted) {
      if (c == '\\') ++end;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth < 0 || (depth == 0 && c == ',')) break;
  }
  return text.substr(begin, end - begin);
}

Count run_file(const fs::path& file, const std::map<std::string, std::string>& remotes) {
  Count count;
  const std::string text = text_of(file);
  const auto groups = nlohmann::json::parse(text);
  Validator validator;
  Validator padded;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::string at = "/" + std::to_string(g);
    const std::string name = file.filename().string() + ": " + groups[g]["description"].get<std::string>();
    const auto compiled = Schema::compile(exact_text(text, at + "/schema"), remotes);
    const auto* error = std::get_if<SchemaError>(&compiled);
    if (error != nullptr) std::printf("FAIL %s: %s\n", name.c_str(), to_string(*error).c_str());
    for (std::size_t t = 0; t < groups[g]["tests"].size(); ++t) {
      const auto& test = groups[g]["tests"][t];
      bool right = false;
      std::string data = exact_text(text, at + "/tests/" + std::to_string(t) + "/data");
      data.reserve(data.size() + simdjson::SIMDJSON_PADDING);
      if (error == nullptr && validator.parse(data) && padded.parse_padded(data)) {
        const auto& schema = std::get<Schema>(compiled);
        right = validator.passes(schema) == test["valid"] && validator.explain(schema).empty() == test["valid"] &&
                padded.passes(schema) == test["valid"];
      }
      ++(right ? count.passed : count.failed);
      if (!right) std::printf("FAIL %s: %s\n", name.c_str(), test["description"].get<std::string>().c_str());
    }
  }
  return count;
}

bool run_suite(const fs::path& root) {
  const auto remotes = remote_documents(root / "remotes");
  Count required;
  Count formats;
  Count others;
  const auto add = [&](Count& sum, const fs::path& file) {
    const Count count = run_file(file, remotes);
    sum.passed += count.passed;
    sum.failed += count.failed;
  };
  const auto files = json_files(root / "tests/draft7");
  for (const auto& file : files) add(required, file);
  const fs::path folder = root / "tests/draft7/optional/format";
  for (const auto& rule : tributary::schema::asserted_formats())
    add(formats, folder / (std::string(rule.name) + ".json"));
  if (fs::exists(folder / "unknown.json")) add(formats, folder / "unknown.json");
  for (const auto& file : json_files(root / "tests/draft7/optional")) {
    if (file.stem() != "content" && file.stem() != "cross-draft") add(others, file);
  }
  std::printf(
      "%s\n  required: %d of %d in %zu files\n  optional formats, %zu asserted: %d of %d\n  other optional: %d of "
      "%d\n",
      root.c_str(), required.passed, required.passed + required.failed, files.size(),
      tributary::schema::asserted_formats().size(), formats.passed, formats.passed + formats.failed, others.passed,
      others.passed + others.failed);
  return required.failed + formats.failed == 0 && required.passed > 0 && formats.passed > 0;
}

}  // namespace

int main(int argc, char** argv) {
  bool good = argc > 1;
  for (int i = 1; i < argc; ++i) good = run_suite(argv[i]) && good;
  return good ? 0 : 1;
}
