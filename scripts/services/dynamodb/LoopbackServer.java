import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import com.amazonaws.services.dynamodbv2.local.server.DynamoDBProxyServer;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** DynamoDB Local on 127.0.0.1 only: its own launcher listens on every interface, and has no option for it. */
public class LoopbackServer {
  public static void main(String[] args) throws Exception {
    DynamoDBProxyServer local = ServerRunner.createServerFromCommandLineArgs(args);
    var field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    boolean restricted = false;
    for (Connector connector : ((Server) field.get(local)).getConnectors()) {
      if (connector instanceof ServerConnector server) {
        server.setHost("127.0.0.1");
        restricted = true;
      }
    }
    if (!restricted) throw new IllegalStateException("There is no connector that could be kept to 127.0.0.1.");
    local.start();
    local.join();
  }
}
