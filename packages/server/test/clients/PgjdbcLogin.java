import java.sql.DriverManager;
import java.sql.SQLException;

/** Logs in by pgjdbc with the URL, the user and the password of the arguments; prints who it is, or SQLSTATE and text. */
public class PgjdbcLogin {
  public static void main(String[] arguments) throws Exception {
    try (var connection = DriverManager.getConnection(arguments[0], arguments[1], arguments[2]);
        var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT session_user")) {
      rows.next();
      System.out.println(rows.getString(1));
    } catch (SQLException refused) {
      System.out.println(refused.getSQLState() + " " + refused.getMessage());
    }
  }
}
