#include "net/http_server.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <optional>
#include <variant>

#include "net/http.hpp"

namespace tributary::net {
namespace {

using namespace std::chrono_literals;

class HttpServerTest : public ::testing::Test {
 protected:
  void listen(HttpServer::Serve serve, std::size_t body_limit = 1u << 20) {
    HttpServer::Settings settings;
    settings.body_limit = body_limit;
    server_ = HttpServer::listen(io_, settings, std::move(serve));
  }
  HttpExchange::Result ask(std::string body) {
    HttpRequest request;
    request.method = "POST";
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/a?b=c";
    request.headers = {{"authorization", "raw-token"}};
    request.body = std::move(body);
    std::optional<HttpExchange::Result> result;
    HttpExchange::start(io_, request, [&](HttpExchange::Result came) { result = std::move(came); });
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!result && std::chrono::steady_clock::now() < limit) {
      io_.restart();
      io_.run_one_for(10ms);
    }
    return result.value_or(Ending{});
  }

  boost::asio::io_context io_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, GivesARequestWholeAndItsAnswerBack) {
  ServedRequest heard;
  listen([&](const ServedRequest& request, const HttpServer::Reply& reply) {
    heard = request;
    reply({429, {{"Retry-After", "7"}}, "slowly"});
  });
  const std::string body(300'000, 'x');
  const auto answer = std::get<HttpAnswer>(ask(body));
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.body, "slowly");
  EXPECT_EQ(header_value(answer.headers, "retry-after"), "7");
  EXPECT_EQ(heard.method + " " + heard.target, "POST /a?b=c");
  EXPECT_EQ(heard.header("Authorization"), "raw-token");
  EXPECT_EQ(heard.body, body);
}

TEST_F(HttpServerTest, MayAnswerLaterOrNotAtAll) {
  HttpServer::Reply kept;
  listen([&](const ServedRequest& request, const HttpServer::Reply& reply) {
    if (request.body == "reset") return reply({200, {}, {}, true});
    kept = reply;
    boost::asio::post(io_, [&] { kept({200, {}, "later"}); });
  });
  EXPECT_EQ(std::get<HttpAnswer>(ask("wait")).body, "later");
  kept({200, {}, "once more"});
  EXPECT_TRUE(std::holds_alternative<Ending>(ask("reset")));
  server_.reset();
  kept({200, {}, "to nobody"});
}

TEST_F(HttpServerTest, WhatIsTooLargeGets413) {
  listen([](const ServedRequest&, const HttpServer::Reply& reply) { reply({}); }, 10);
  EXPECT_EQ(std::get<HttpAnswer>(ask(std::string(11, 'x'))).status, 413);
  EXPECT_EQ(std::get<HttpAnswer>(ask(std::string(10, 'x'))).status, 200);
}

TEST_F(HttpServerTest, AnOpenAnswerIsHandedOverPieceByPieceUntilNoMoreIsWanted) {
  std::shared_ptr<ServedStream> stream;
  bool gone = false;
  listen([&](const ServedRequest&, const HttpServer::Reply& reply) {
    ServedReply open{200, {}, "begun "};
    open.stream = [&](std::shared_ptr<ServedStream> rest) {
      stream = std::move(rest);
      stream->when_gone([&] { gone = true; });
    };
    reply(open);
  });
  HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(server_->port());
  request.limit = 4;  // of an answer that is kept
  std::string heard;
  std::optional<HttpExchange::Result> result;
  HttpExchange::start(
      io_, request, [&](HttpExchange::Result came) { result = std::move(came); }, {},
      [&](std::string_view piece) {
        heard += piece;
        return heard != "begun one two";
      });
  const auto until = [&](const auto& condition) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < limit) {
      io_.restart();
      io_.run_one_for(10ms);
    }
    return condition();
  };
  ASSERT_TRUE(until([&] { return heard == "begun "; }));
  EXPECT_TRUE(stream->write("one "));
  ASSERT_TRUE(until([&] { return heard == "begun one "; }));
  EXPECT_TRUE(stream->write("two"));
  ASSERT_TRUE(until([&] { return result.has_value(); }));
  EXPECT_EQ(std::get<HttpAnswer>(*result).status, 200);
  EXPECT_TRUE(std::get<HttpAnswer>(*result).body.empty());
  ASSERT_TRUE(until([&] { return gone; }));
  EXPECT_FALSE(stream->write("to nobody"));
}

TEST_F(HttpServerTest, AnAnswerThatSaysNoIsKeptAlthoughPiecesAreWanted) {
  listen([](const ServedRequest&, const HttpServer::Reply& reply) { reply({401, {}, "a token is needed"}); });
  HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(server_->port());
  std::optional<HttpExchange::Result> result;
  HttpExchange::start(
      io_, request, [&](HttpExchange::Result came) { result = std::move(came); }, {},
      [](std::string_view) {
        ADD_FAILURE() << "no stream";
        return true;
      });
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (!result && std::chrono::steady_clock::now() < limit) {
    io_.restart();
    io_.run_one_for(10ms);
  }
  EXPECT_EQ(std::get<HttpAnswer>(result.value()).body, "a token is needed");
}

}  // namespace
}  // namespace tributary::net
