package harness;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * Lets failed tasks end that wait for themselves.
 *
 * <p>A task that fails right after it took part in a checkpoint closes the stream of the checkpoint's raw state. StateFun 3.3.0 holds this
 * stream until the feedback of the same task is written, so the task waits forever, and Flink interrupts no task that is closing. A real
 * cluster is up again when the checkpoint has timed out and Flink has ended the process of the task. Tests cannot wait for that.
 */
final class HungTasks {
  /** Number of tasks that were interrupted. */
  static final AtomicInteger interrupted = new AtomicInteger();

  private static final int LOOK_MS = 250;
  private static final String WAITING = "org.apache.flink.util.ResourceGuard.closeInterruptibly";
  private static final String CLOSING = "org.apache.flink.streaming.runtime.tasks.StreamTask.cleanUp";

  private HungTasks() {}

  /** Looks for hung tasks from now on. A task that hangs at two looks in a row is interrupted. */
  static void watch() {
    Thread thread = new Thread(HungTasks::look, "hung-tasks");
    thread.setDaemon(true);
    thread.start();
  }

  private static void look() {
    Set<Thread> before = Set.of();
    while (true) {
      try {
        Thread.sleep(LOOK_MS);
      } catch (InterruptedException error) {
        return;
      }
      Set<Thread> hung =
          Thread.getAllStackTraces().entrySet().stream().filter(each -> isHung(each.getValue())).map(Map.Entry::getKey).collect(Collectors.toSet());
      for (Thread each : hung) {
        if (!before.contains(each)) continue;
        interrupted.incrementAndGet();
        each.interrupt();
      }
      before = hung;
    }
  }

  private static boolean isHung(StackTraceElement[] stack) {
    return has(stack, WAITING) && has(stack, CLOSING);
  }

  private static boolean has(StackTraceElement[] stack, String method) {
    return Arrays.stream(stack).anyMatch(each -> method.equals(each.getClassName() + "." + each.getMethodName()));
  }
}
