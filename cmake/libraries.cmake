# Every library Tributary stands on, all from distribution packages (deploy/install-deps installs them).
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
if(NOT TARGET yaml-cpp::yaml-cpp)  # yaml-cpp 0.7 exports the bare name
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()

pkg_check_modules(rdkafka REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(simdjson REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
# Its CMake package also wants what only its web server and its push client need.
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)

# Events are made on one thread and let go on another, which glibc's malloc pays for dearly.
option(TRIBUTARY_JEMALLOC "Link jemalloc into the program" ON)
if(TRIBUTARY_JEMALLOC)
  pkg_check_modules(jemalloc REQUIRED IMPORTED_TARGET jemalloc)
endif()

# Boost is used for its headers only (Asio, Beast).
find_package(Boost 1.81 REQUIRED)
add_library(tributary_boost INTERFACE)
target_link_libraries(tributary_boost INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(tributary_boost INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)

find_path(WEBSOCKETPP_INCLUDE_DIR websocketpp/version.hpp REQUIRED)

if(TRIBUTARY_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
  find_program(TRIBUTARY_LLD ld.lld DOC "Links the tests when it is there: the default linker takes several times as long")
endif()
if(TRIBUTARY_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()
