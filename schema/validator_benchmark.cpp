// What validation costs: the parse of a published event, and each schema over the parsed tree.
#include <benchmark/benchmark.h>

#include <string>
#include <variant>

#include "schema/embedded.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"

namespace {

using tributary::schema::Schema;
using tributary::schema::Validator;

const std::string& tip() {
  static const std::string kTip =
      R"({"_id":"5f1c3d6b9a1b2c3d4e5f6a7b","channel":"5eb8a1f0c2d3e4f5a6b7c8d9","type":"tip","provider":"twitch",)"
      R"("flagged":false,"data":{"username":"viewer_123","displayName":"Viewer 123","amount":5,"currency":"USD",)"
      R"("message":"great stream","items":[],"avatar":"https://cdn.example.org/a.png",)"
      R"("tipId":"5f1c3d6b9a1b2c3d4e5f6a7c"},"createdAt":"2026-10-01T12:34:56.789Z",)"
      R"("updatedAt":"2026-10-01T12:34:56.789Z","relay":{"connector":"main-stage","source":"streamelements",)"
      R"("upstreamType":"tip","upstreamId":"5f1c3d6b9a1b2c3d4e5f6a7b","upstreamChannel":"5eb8a1f0c2d3e4f5a6b7c8d9",)"
      R"("receivedAt":"2026-10-01T12:34:56.912Z","run":"01K9ZB4T","sequence":1204}})";
  return kTip;
}

// The same event with this number for its amount.
std::string tip_of(std::string_view amount) {
  std::string text = tip();
  return text.replace(text.find("\"amount\":5") + 9, 1, amount);
}

Schema compiled(std::string_view file) { return std::get<Schema>(Schema::compile(tributary::schema::embedded(file))); }

void parse(benchmark::State& state) {
  Validator validator;
  for (auto _ : state) benchmark::DoNotOptimize(validator.parse(tip()));
  state.counters["bytes"] = static_cast<double>(tip().size());
}

void parse_padded(benchmark::State& state) {
  Validator validator;
  const std::string padded = tip() + std::string(simdjson::SIMDJSON_PADDING, ' ');
  for (auto _ : state) benchmark::DoNotOptimize(validator.parse_padded({padded.data(), tip().size()}));
}

void run(benchmark::State& state, const char* file) {
  Validator validator;
  const Schema schema = compiled(file);
  if (!validator.parse(tip()) || !validator.passes(schema)) state.SkipWithError("the event must pass");
  for (auto _ : state) benchmark::DoNotOptimize(validator.passes(schema));
}

void parse_and_both(benchmark::State& state) {
  Validator validator;
  const Schema event = compiled("event.schema.json");
  const Schema streamelements = compiled("streamelements.schema.json");
  for (auto _ : state) {
    benchmark::DoNotOptimize(validator.parse(tip()) && validator.passes(event) && validator.passes(streamelements));
  }
}

// What a fraction costs, a short one and one that a double cannot hold.
void amount(benchmark::State& state, const char* number) {
  Validator validator;
  const Schema event = compiled("event.schema.json");
  const std::string text = tip_of(number);
  for (auto _ : state) benchmark::DoNotOptimize(validator.parse(text) && validator.passes(event));
}

void compile(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(compiled("event.schema.json"));
}

BENCHMARK(parse);
BENCHMARK(parse_padded);
BENCHMARK_CAPTURE(run, event, "event.schema.json");
BENCHMARK_CAPTURE(run, streamelements, "streamelements.schema.json");
BENCHMARK(parse_and_both);
BENCHMARK_CAPTURE(amount, whole, "5");
BENCHMARK_CAPTURE(amount, short_decimal, "4.20");
BENCHMARK_CAPTURE(amount, long_decimal, "4.2000000000000000001");
BENCHMARK(compile)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
