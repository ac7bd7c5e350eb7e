# The suite that every line of the registry of connectors must pass.
tributary_test(connectors_conformance tributary_simulators
  conformance/connectors_fixture.cpp
  conformance/connectors_test.cpp)
target_link_libraries(connectors_conformance PRIVATE tributary_test_support tributary_relay)
