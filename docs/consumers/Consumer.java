// Reads the relay's events from Kafka and acts once on each of them. Needs kafka-clients and nothing else: id and type
// stand in the headers, so an event that is not wanted need not be parsed.
//
//   java -cp 'libs/*' Consumer.java BROKERS [TOPIC [GROUP]]          e.g. localhost:9092 stream.events alerts
//
// Prints a line for each event; a repeat of one is told on standard error and nothing else is done with it.

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;

public class Consumer {
  /** The last ids that were acted on. In memory: what must hold over a restart belongs into a database. */
  static class Seen extends LinkedHashMap<String, Boolean> {
    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
      return size() > 100_000;
    }

    boolean isNew(String id) {
      return put(id, true) == null;
    }
  }

  /** Here the alert is shown; `json` is the event, for the JSON library of your choice. */
  static void act(String type, String id, String json) {
    System.out.println(type + " " + id + " " + json);
  }

  static String header(ConsumerRecord<String, String> record, String name) {
    Header found = record.headers().lastHeader(name);
    return found == null ? "" : new String(found.value(), StandardCharsets.UTF_8);
  }

  public static void main(String[] given) {
    if (given.length < 1 || given.length > 3) {
      System.err.println("java Consumer.java BROKERS [TOPIC [GROUP]]");
      System.exit(2);
    }
    Properties settings = new Properties();
    settings.put("bootstrap.servers", given[0]);
    settings.put("group.id", given.length > 2 ? given[2] : "alerts");
    settings.put("enable.auto.commit", "false");
    settings.put("auto.offset.reset", "earliest");
    settings.put("key.deserializer", StringDeserializer.class.getName());
    settings.put("value.deserializer", StringDeserializer.class.getName());
    Seen seen = new Seen();
    KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings);
    Thread reader = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {  // on SIGTERM and Ctrl-C
      consumer.wakeup();
      try {
        reader.join(5_000);
      } catch (InterruptedException late) {
        Thread.currentThread().interrupt();
      }
    }));
    try (consumer) {
      consumer.subscribe(List.of(given.length > 1 ? given[1] : "stream.events"));
      while (true) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
          String id = header(record, "ce_id");
          if (seen.isNew(id)) {
            act(header(record, "ce_type").replaceFirst("^tributary\\.", ""), id, record.value());
          } else {
            System.err.println("repeat " + id);
          }
        }
        consumer.commitSync();  // only after acting: a crash brings a repeat, never a loss
      }
    } catch (WakeupException stopped) {
      // the end was asked for
    }
  }
}
