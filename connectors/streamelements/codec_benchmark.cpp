#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <string>

#include "connectors/streamelements/codec.hpp"
#include "connectors/streamelements/socket_io.hpp"

// What one event costs from the websocket message to the Draft, beside the floor in the same run: simdjson's DOM parse
// of the same message, which reads it and writes nothing.

namespace tributary::connectors::streamelements {
namespace {

// source: composed from the document's schema; 600 bytes as PERFORMANCE asks for.
const std::string tip_frame =
    R"(42["event",{"_id":"5f1c3d6b0000000000000000","channel":"5eb8a1f0c2d3e4f5a6b7c8d9","type":"tip","provider":"twitch",)"
    R"("flagged":false,"data":{"username":"viewer_123","providerId":"123456789","displayName":"Viewer 123","amount":5.5,)"
    R"("currency":"USD","message":"so glad to be here tonight, a message of ordinary length, padded to bring the whole event )"
    R"(to about six hundred bytes of text","tipId":"5f1c3d6b9a1b2c3d4e5f6a7c","items":[],)"
    R"("avatar":"https://cdn.example.org/avatars/abcdef.png","quantity":0},"createdAt":"2026-10-01T12:34:56.789Z",)"
    R"("updatedAt":"2026-10-01T12:34:56.789Z"},{"ts":1790858096789,"nonce":"3f0c9a52-7d1e-4b0e-9c55-0b6f8f6f2a11"}])";

const std::string follow_frame =
    R"(42["event",{"_id":"5f1c3d6b0000000000000001","channel":"5eb8a1f0c2d3e4f5a6b7c8d9","type":"follow","provider":"twitch",)"
    R"("flagged":false,"data":{"username":"viewer_123","providerId":"123456789","displayName":"Viewer 123",)"
    R"("avatar":"https://cdn.example.org/avatars/abcdef.png"},"createdAt":"2026-10-01T12:34:56.789Z",)"
    R"("updatedAt":"2026-10-01T12:34:56.789Z"},{"ts":1790858096789,"nonce":"3f0c9a52-7d1e-4b0e-9c55-0b6f8f6f2a11"}])";

const event::Now now{event::SteadyTime{}, event::WallTime{std::chrono::milliseconds{1'790'858'096'912}}};

void read(benchmark::State& state, const std::string& frame) {
  Codec codec({"main-stage", false, false, 64});
  Outcome outcome;
  for (auto _ : state) {
    outcome.clear();
    const auto packet = Packet::read(frame);
    codec.read(packet.body, "5eb8a1f0c2d3e4f5a6b7c8d9", now, outcome);
    benchmark::DoNotOptimize(outcome.drafts.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(frame.size()) * static_cast<std::int64_t>(state.iterations()));
  state.counters["frame_bytes"] = static_cast<double>(frame.size());
}

void scan_only(benchmark::State& state) {
  JsonText text(64);
  Value value;
  const auto body = std::string_view(tip_frame).substr(2);
  for (auto _ : state) {
    text.load(body);
    benchmark::DoNotOptimize(text.read_value(value));
  }
}

void simdjson_dom(benchmark::State& state) {
  simdjson::dom::parser parser;
  const simdjson::padded_string body(std::string_view(tip_frame).substr(2));
  for (auto _ : state) {
    simdjson::dom::element element;
    benchmark::DoNotOptimize(parser.parse(body).get(element));
  }
}

BENCHMARK_CAPTURE(read, tip, tip_frame);
BENCHMARK_CAPTURE(read, follow_with_fills, follow_frame);
BENCHMARK(scan_only);
BENCHMARK(simdjson_dom);

}  // namespace
}  // namespace tributary::connectors::streamelements

BENCHMARK_MAIN();
