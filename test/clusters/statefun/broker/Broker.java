import kafka.Kafka;
import kafka.tools.StorageTool;

/**
 * Runs a Kafka broker until its standard input ends. The input is a pipe, which the system closes however the parent process
 * ends, so no broker outlives the tests. Makes the store first if there is none.
 *
 * <p>Arguments: the id of the store, and a file with the settings of the broker.
 */
public final class Broker {
  private Broker() {}

  public static void main(String[] arguments) throws Exception {
    String storeId = arguments[0];
    String settings = arguments[1];
    watchInput();
    String[] format = {"format", "--ignore-formatted", "-t", storeId, "-c", settings};
    int status = StorageTool.execute(format, System.err);
    if (status != 0) System.exit(status);
    Kafka.main(new String[] {settings});
  }

  private static void watchInput() {
    Thread watching = new Thread(() -> {
      try {
        while (System.in.read() >= 0) {}
      } catch (java.io.IOException error) {
        // A broken pipe is an end, too.
      }
      Runtime.getRuntime().halt(0);
    }, "input");
    watching.setDaemon(true);
    watching.start();
  }
}
