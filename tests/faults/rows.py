"""The rows of the table in docs/RELIABILITY.md: each fault, what is promised of it, how that is shown, by which tests."""

import typing


class Row(typing.NamedTuple):
    fault: str
    promise: str
    how: str
    tests: tuple  #: `Suite.Test` or `folder/file_test.py::test_name`
    results: dict = {}  #: of results.tell: its name → the words, with the figures by their names; none: a test of every run


NOTHING = "nothing is lost, order is kept"
JUDGED = "{written:,} events written, {lost} lost, {repeats:,} repeated"
OUTAGE = JUDGED + ", at most {peak_mib} MiB resident"
GAP = "{written:,} events written, {lost} lost, all in the {gaps} gaps that were told; back after {back_after:,} ms"

ROWS = [
    # ── the relay itself ──────────────────────────────────────────────────────────────────────────────────────────────
    Row("kill -9 of the relay, `exposure: 0ms`", "what was read is delivered, in order; repeats have the same `_id`",
        "20 random moments under 2,000 events/s; each kill found something in flight or on disk",
        ("faults/kill_test.py::test_twenty_kills_at_2000_events_a_second", "faults/kill_test.py::test_three_kills"),
        {"kill_0ms": "{kills} kills: " + JUDGED + "; the oldest loss was written {oldest_loss} ms before its kill, the youngest "
         "{youngest_loss} ms; reading and committing took {w} ms at worst; up to {most_on_disk:,} events lay on disk"}),
    Row("kill -9 of the relay, `exposure: 20ms`", "only what was read within the exposure may be lost",
        "20 random moments under 2,000 events/s",
        ("faults/kill_test.py::test_twenty_kills_at_2000_events_a_second", "faults/kill_test.py::test_three_kills"),
        {"kill_20ms": "{kills} kills: " + JUDGED + "; the oldest loss was written {oldest_loss} ms before its kill, the youngest "
         "{youngest_loss} ms; reading and committing took {w} ms at worst"}),
    Row("SIGTERM under load", "what was accepted is delivered", "five stops under 500 events/s, each with its account",
        ("faults/program_test.py::test_a_stop_under_load_delivers_what_was_accepted",
         "end_to_end/running_test.py::test_sigterm_drains_what_was_accepted"),
        {"stop_under_load": "{stops} stops: {accepted:,} events accepted and delivered, {repeats} repeated"}),
    Row("reload and log rotation under load", "no connection ends, " + NOTHING,
        "a sink comes and goes by SIGHUP; its file is moved away, then SIGUSR1",
        ("faults/program_test.py::test_reloads_and_moved_files_under_load_cost_nothing",
         "end_to_end/reload_test.py::test_everything_changes_under_load_and_every_event_is_accounted_for"),
        {"reload_and_rotation": "{reloads} reloads: " + JUDGED}),
    Row("the clock jumps", "no connection ends, " + NOTHING, "50 minutes ahead, 2 and 3.3 hours back, to the true time",
        ("faults/program_test.py::test_a_clock_that_jumps_costs_nothing_and_no_connection",),
        {"clock_jumps": "{jumps} jumps: " + JUDGED}),
    Row("a sink that takes nothing", "memory stays within `memory`; reading pauses, connections stay",
        "the way to the broker silent under 1,000 events/s, `memory: 4MiB`",
        ("faults/program_test.py::test_a_stalled_sink_stays_within_its_memory",
         "faults/broker_test.py::test_a_full_sink_stays_within_its_bytes_and_its_books_are_exact"),
        {"stalled_sink": "from {calm_mib} to {peak_mib} MiB resident; " + JUDGED}),
    Row("full speed with random faults, for long", "memory does not grow",
        "five upstreams whose connections end again and again, the way to Kafka cut, silent, refused, late at random; slope of "
        "the resident memory by least squares",
        ("faults/memory_test.py::test_memory_does_not_grow", "faults/soak_test.py::test_five_upstreams_whose_connections_end_at_random"),
        {"soak": "{seconds} s at {rate:,} events/s: {slope_mib_per_hour} MiB per hour after warm-up, at most {peak_mib} MiB; "
         "{written:,} events delivered, {faults} faults of the way to Kafka"}),
    # ── Kafka ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    Row("kill -9 or SIGTERM of the broker", NOTHING, "it dies under load and comes back on the same data",
        ("faults/broker_test.py::test_a_broker_away_for_15_s_costs_nothing",
         "faults/broker_test.py::test_a_broker_away_for_60_s_costs_nothing",
         "faults/broker_test.py::test_a_broker_away_for_longer_than_its_timeouts_costs_nothing"),
        {"broker_kill_9_15s": "15 s: " + OUTAGE, "broker_kill_9_60s": "60 s: " + OUTAGE, "broker_sigterm_60s": "SIGTERM, 60 s: " + OUTAGE}),
    Row("SIGSTOP of the broker, also longer than its session and delivery timeouts", NOTHING, "its connections stand, nobody answers",
        ("faults/broker_test.py::test_a_broker_away_for_15_s_costs_nothing",
         "faults/broker_test.py::test_a_broker_away_for_longer_than_its_timeouts_costs_nothing"),
        {"broker_sigstop_15s": "15 s: " + OUTAGE, "broker_sigstop_60s": "60 s: " + OUTAGE, "broker_sigstop_150s": "150 s: " + OUTAGE}),
    Row("a broker that comes and goes", NOTHING, "five outages of 1 to 35 s, of all three kinds",
        ("faults/broker_test.py::test_a_broker_that_comes_and_goes_costs_nothing",), {"broker_comes_and_goes": OUTAGE}),
    Row("the connection is cut between a request and its answer", "the batch is not taken twice, order is kept",
        "a proxy withholds the answer to Produce and cuts", ("faults/links_test.py::test_answers_of_the_broker_that_are_lost_cost_nothing",),
        {"broker_answer_cut": "{cuts} cuts: " + JUDGED}),
    Row("a bad way to the broker", NOTHING, "a proxy cuts again and again, is silent, refuses, is 300 ms late",
        ("faults/links_test.py::test_a_bad_way_to_the_broker_costs_nothing",),
        {"broker_cut": "cut: " + JUDGED, "broker_stall": "silent: " + JUDGED, "broker_refuse": "refused: " + JUDGED,
         "broker_slow": "late: " + JUDGED}),
    Row("Kafka away for minutes, `memory: 32MiB`", "resident memory grows by less than `memory`, and what waits is replayed in "
        "order; a topic that we may not write to holds nobody back", "1,000 events/s; one of three topics is forbidden until all else is replayed",
        ("faults/away_test.py::test_kafka_away_for_minutes", "faults/away_test.py::test_kafka_away_for_a_while"),
        {"away": "{away_s:.0f} s: {replayed:,} events replayed at {replay_per_s:,} a second while those of the forbidden topic waited; "
         "from {base_mib} to {away_peak_mib} MiB resident while Kafka was away, to {peak_mib} in the replay; " + JUDGED}),
    Row("the broker's errors that pass, a leader that moves, a slow cluster", NOTHING, "injected into librdkafka's mock cluster",
        ("KafkaProducer.RidesOutRetriableErrorsByItself", "KafkaCluster.ALeaderThatMovesCostsNothing", "KafkaCluster.ASlowOneCostsNothing", "OutboxTest.ReplaysALaneContiguouslyFromItsFirstUnfinishedRecord",
         "OutboxUnderRandomFaults.LosesNothingAndKeepsTheOrder")),
    Row("a record that the broker refuses", "it becomes a dead letter, its neighbours are delivered in order",
        "injected into the mock cluster; real records from the future and too large ones",
        ("KafkaProducer.AWholeBatchIsAtFaultForOneRecord", "OutboxTest.SendsEachRecordOfARefusedBatchAloneAndTheGuiltyOneIsADeadLetter",
         "end_to_end/bad_input_test.py::test_nothing_overtakes_a_batch_that_is_refused")),
    Row("a fatal error of the producer", NOTHING, "injected; the producer is rebuilt and everything replayed",
        ("KafkaProducer.AFatalErrorBreaksItAndARebuiltOneDeliversAgain", "DeliveryTest.ABrokenWireIsRebuiltAndEverythingReplayed")),
    Row("no right to write, or no topic", "its lanes wait with an alert, the others flow", "injected, and a real broker's access list",
        ("KafkaProducer.AMissingRightToWriteDenies", "KafkaProducer.ATopicThatIsNotThereIsDeniedUntilItIs",
         "end_to_end/bad_input_test.py::test_a_topic_without_authorization_parks_its_lane_while_the_others_flow")),
    # ── the disk ──────────────────────────────────────────────────────────────────────────────────────────────────────
    Row("the disk is full", "nothing ends; what waits stays in memory, then reading pauses", "a tmpfs of 24 MiB that something else fills while the broker is away, and frees again",
        ("faults/disk_test.py::test_a_full_disk_costs_nothing",), {"disk_full": JUDGED}),
    Row("the disk is broken, read-only or slow", "the same; while Kafka is well everything flows",
        "writes fail with EIO or EROFS, syncs take 400 ms, while the broker is away and when it is back",
        ("faults/disk_test.py::test_a_bad_disk_costs_nothing",),
        {"disk_broken": "EIO: " + JUDGED, "disk_read_only": "EROFS: " + JUDGED, "disk_slow": "slow: " + JUDGED}),
    Row("the spool is damaged between two runs", "what verifies is delivered, the rest is told; a bad record is a dead letter",
        "a third of the file cut off; one bit flipped in an event", ("faults/disk_test.py::test_a_damaged_file_gives_back_what_verifies",),
        {"spool_cut_off": "cut off: of {spooled:,} events {recovered:,} recovered, {lost:,} lost",
         "spool_flip_a_bit": "one bit: of {spooled:,} events {lost} lost, {dead_letters} dead letter"}),
    Row("the spool is of a newer version", "refused with exit 2, not touched", "a file whose version says 99",
        ("faults/disk_test.py::test_a_file_of_a_newer_version_is_refused_and_not_touched",),
        {"spool_newer": "{spooled:,} events on disk, delivered when the version was right again; {lost} lost"}),
    # ── upstreams ─────────────────────────────────────────────────────────────────────────────────────────────────────
    Row("an upstream that accepts and is silent", "dialled again; what is lost lies in a gap that is told",
        "a proxy is silent after the accept; the server after the handshake",
        ("faults/links_test.py::test_an_upstream_that_fails_costs_what_is_in_the_gap",),
        {"upstream_silence_after_accept": "after accept: " + GAP, "upstream_silence_after_handshake": "after the handshake: " + GAP}),
    Row("an upstream gone without a word (half-open TCP)", "noticed by our pings; the same", "a proxy passes no byte any more",
        ("faults/links_test.py::test_an_upstream_that_fails_costs_what_is_in_the_gap",
         "LinkTest.PingsKeepAConnectionAndTheirSilenceEndsIt"), {"upstream_silence_after_live": GAP}),
    Row("resets, also in mid-frame", "the same", "five resets in a row",
        ("faults/links_test.py::test_an_upstream_that_fails_costs_what_is_in_the_gap",
         "end_to_end/upstream_test.py::test_a_reset_in_mid_frame"), {"upstream_resets": GAP}),
    Row("frames that come in drips", NOTHING, "seven bytes at a time",
        ("faults/links_test.py::test_an_upstream_that_fails_costs_what_is_in_the_gap",
         "end_to_end/upstream_test.py::test_frames_may_come_byte_by_byte_and_in_fragments"), {"upstream_slow_drip": JUDGED}),
    Row("1,000 connections end at once", "all come back, no more dials a second than allowed", "their server dies and comes back",
        ("faults/links_test.py::test_so_many_connections_that_end_at_once_come_back",),
        {"upstream_reconnects": "{connections:,} connections live again after {back_after_s} s at {dials_per_second} dials a second, "
         "{rss_mib} MiB resident"}),
    Row("credentials revoked and renewed", "tried slowly; at once when the secret changes", "a real server refuses the token",
        ("peers/real_peers_test.py::test_a_refused_token_is_tried_slowly_and_at_once_when_it_changes",
         "peers/dlive_test.py::test_a_refused_token_is_tried_slowly_and_at_once_when_it_changes",
         "peers/rooms_test.py::test_a_refused_account_is_tried_slowly_and_at_once_when_the_secret_changes")),
    Row("each of eight faults, under a real Prometheus", "its alerts fire and no other, and go out again",
        "upstream away, Kafka killed, a topic and a secret missing, nonsense, a bad file, three kills of the relay, the relay "
        "away, one after the other; the shipped rules with their times divided by one factor",
        ("faults/alerts_test.py::test_each_fault_is_told_by_its_alerts_and_by_no_other",),
        {"alerts": "{seconds:,} s, times divided by {factor}: {faults} faults told by {alerts} alerts, {false_alarms} false alarms; "
         "{scrapes:,} scrapes"}),
]
