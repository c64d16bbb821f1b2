import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;

/**
 * What JDBC gives a connection for all its transactions, read back after another session has used the only backend.
 * Arguments: URL, user, password. Prints what PostgreSQL says.
 */
public class PgjdbcIsolation {
  public static void main(String[] arguments) throws SQLException {
    try (var connection = DriverManager.getConnection(arguments[0], arguments[1], arguments[2]);
        var other = DriverManager.getConnection(arguments[0], arguments[1], arguments[2])) {
      connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
      connection.setReadOnly(true);
      other.createStatement().execute("SELECT 1");
      var show = "SELECT current_setting('transaction_isolation') || ', ' || current_setting('transaction_read_only')";
      try (var rows = connection.createStatement().executeQuery(show)) {
        rows.next();
        System.out.println(rows.getString(1));
      }
    }
  }
}
