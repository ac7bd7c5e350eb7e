# What event::Tail promises, of the one that tests use and of the one that keeps on disk; and an outbox on the latter.
tributary_test(tails_conformance tributary_spool
  conformance/outbox_on_disk_test.cpp
  conformance/tails_test.cpp)
target_link_libraries(tails_conformance PRIVATE tributary_relay)
