import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/**
 * What DBeaver, DataGrip and Metabase ask of pgjdbc: a session with an application name, the tables and columns that the catalogs
 * show, read-only transactions with a time zone, rows fetched piece by piece, and a statement that is cancelled from another thread.
 * Arguments: URL, user, password (empty: none), application name.
 */
public class PgjdbcTool {
  public static void main(String[] arguments) throws Exception {
    var properties = new Properties();
    properties.setProperty("user", arguments[1]);
    if (!arguments[2].isEmpty()) properties.setProperty("password", arguments[2]);
    properties.setProperty("ApplicationName", arguments[3]);
    properties.setProperty("sslmode", "disable");
    try (var connection = DriverManager.getConnection(arguments[0], properties)) {
      try (var statement = connection.createStatement();
          var rows = statement.executeQuery("SELECT session_user, current_setting('application_name')")) {
        rows.next();
        System.out.println(rows.getString(1));
        System.out.println(rows.getString(2));
      }
      var metaData = connection.getMetaData();
      try (var tables = metaData.getTables(null, "tools", "%", new String[] {"TABLE"});
          var columns = metaData.getColumns(null, "tools", "%", "%")) {
        while (tables.next()) System.out.println("table " + tables.getString("TABLE_NAME"));
        while (columns.next())
          System.out.println("column " + columns.getString("COLUMN_NAME") + " " + columns.getString("TYPE_NAME"));
      }
      connection.setReadOnly(true);
      connection.setAutoCommit(false);
      try (var statement = connection.createStatement()) {
        statement.execute("SET SESSION TIMEZONE TO 'Europe/Vienna'");
        statement.setFetchSize(100);
        var seen = 0;
        try (var rows = statement.executeQuery("SELECT generate_series(1, 1000)")) {
          while (rows.next()) seen += 1;
        }
        System.out.println(seen + " rows");
        var cancelled = new Thread(() -> {
          try {
            // Until it runs there is nothing to cancel.
            for (var tries = 0; tries < 200; tries += 1) {
              Thread.sleep(50);
              statement.cancel();
            }
          } catch (InterruptedException | SQLException over) {
            // The statement has ended.
          }
        });
        cancelled.start();
        try {
          statement.execute("SELECT pg_sleep(60)");
        } catch (SQLException expected) {
          System.out.println(expected.getSQLState());
        }
        cancelled.interrupt();
        cancelled.join();
      }
      connection.rollback();
    } catch (SQLException refused) {
      System.out.println(refused.getSQLState() + " " + refused.getMessage());
    }
  }
}
