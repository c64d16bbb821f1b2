import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/**
 * Transactions of many sessions by statements that pgjdbc prepares in the server, with results in binary.
 * Arguments: URL, user, password, sessions, rounds. Prints how many transactions came out right.
 */
public class PgjdbcPooled {
  public static void main(String[] arguments) throws Exception {
    var sessions = Integer.parseInt(arguments[3]);
    var rounds = Integer.parseInt(arguments[4]);
    var threads = Executors.newFixedThreadPool(sessions);
    var work = new ArrayList<Callable<Integer>>();
    for (var session = 0; session < sessions; session += 1) {
      var number = session;
      work.add(() -> {
        try (var connection = DriverManager.getConnection(arguments[0], arguments[1], arguments[2])) {
          return transactions(connection, number, rounds);
        }
      });
    }
    var right = 0;
    for (var outcome : threads.invokeAll(work)) right += outcome.get();
    threads.shutdown();
    System.out.println(right);
  }

  private static int transactions(Connection connection, int session, int rounds) throws SQLException {
    connection.setAutoCommit(false);
    var right = 0;
    try (var insert = connection.prepareStatement("INSERT INTO jdbc_ledger VALUES (?, ?)");
        var sum = connection.prepareStatement(
            "SELECT count(*)::int, sum(round)::bigint, now(), pg_backend_pid() FROM jdbc_ledger WHERE session = ?");
        var series = connection.prepareStatement("SELECT x, x::float8, ?::text FROM generate_series(1, 25) AS x");
        var divide = connection.prepareStatement("SELECT 1 / ?::int")) {
      // Read in parts, by a portal that lives as long as the transaction.
      series.setFetchSize(10);
      for (var round = 1; round <= rounds; round += 1) {
        insert.setInt(1, session);
        insert.setInt(2, round);
        insert.addBatch();
        insert.executeBatch();
        sum.setInt(1, session);
        var isRight = true;
        try (var rows = sum.executeQuery()) {
          rows.next();
          isRight &= rows.getInt(1) == round && rows.getLong(2) == (long) round * (round + 1) / 2;
        }
        series.setString(1, "of " + session);
        try (var rows = series.executeQuery()) {
          var count = 0;
          while (rows.next()) {
            count += 1;
            isRight &= rows.getInt(1) == count && rows.getDouble(2) == count;
            isRight &= rows.getString(3).equals("of " + session);
          }
          isRight &= count == 25;
        }
        connection.commit();
        divide.setInt(1, 0);
        try {
          divide.executeQuery();
          isRight = false;
        } catch (SQLException expected) {
          isRight &= expected.getSQLState().equals("22012");
        }
        connection.rollback();
        if (isRight) right += 1;
      }
    }
    return right;
  }
}
