package chat.parley.testkit;

import chat.parley.embedded.EmbeddedRedis;
import chat.parley.embedded.EmbeddedRedis.Persistence;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.util.JedisClusterCRC16;

/**
 * A Redis Cluster of real servers: three masters, each with a replica, or without. Made by commands, since there may be no {@code redis-cli}. The one of
 * {@link #shared} lives as long as the JVM and is never broken; those of {@link #own} may be killed, and their slots moved.
 */
public final class RealRedisCluster implements AutoCloseable {
    private static final int MASTERS = 3;
    private static final int SLOTS = 16_384;
    private static final Duration READY_MAX = Duration.ofSeconds(60);

    private final List<EmbeddedRedis> nodes = new ArrayList<>();
    private final Path folder = TestServers.temporaryFolder("redis-cluster");
    private final String password = UUID.randomUUID().toString();
    private final Thread atExit = Thread.ofPlatform().unstarted(this::end);

    private RealRedisCluster(boolean replicated) {
        int count = replicated ? 2 * MASTERS : MASTERS;
        var started = IntStream.range(0, count)
                .parallel()
                .mapToObj(i -> EmbeddedRedis.startClusterNode(
                        folder.resolve("node" + i), Persistence.APPEND_ONLY_FILE, password))
                .toList();
        nodes.addAll(started);
        Runtime.getRuntime().addShutdownHook(atExit);
        join();
        if (replicated) replicate();
    }

    private static final class Shared {
        static final RealRedisCluster CLUSTER = new RealRedisCluster(false);
    }

    /** Three masters without replicas, one cluster for all tests of this JVM; {@link #flushAll} before each test. */
    public static RealRedisCluster shared() {
        return Shared.CLUSTER;
    }

    /** Three masters, each with a replica, of the test's own; close it afterwards. */
    public static RealRedisCluster own() {
        return new RealRedisCluster(true);
    }

    /** As the setting names it, with the password inside. */
    public String uri() {
        return nodes.stream()
                .map(node -> node.host() + ":" + node.port())
                .collect(Collectors.joining(",", "redis-cluster://:" + password + "@", ""));
    }

    /** Empties every master. */
    public void flushAll() {
        for (var node : nodes) {
            try (var jedis = jedis(node)) {
                if (isMaster(jedis)) jedis.flushAll();
            }
        }
    }

    /** The living master that holds this key. */
    public EmbeddedRedis master(String key) {
        return nodes.get(owner(JedisClusterCRC16.getSlot(key)));
    }

    /** All nodes: the first three began as masters. */
    public List<EmbeddedRedis> nodes() {
        return List.copyOf(nodes);
    }

    /** A plain connection to one node; close it. */
    public Jedis jedis(EmbeddedRedis node) {
        var jedis = new Jedis(node.host(), node.port());
        jedis.auth(password);
        return jedis;
    }

    /** Every key that matches, of all living masters. */
    public Set<String> keys(String pattern) {
        var all = new HashSet<String>();
        for (var node : nodes) {
            if (!node.isAlive()) continue;
            try (var jedis = jedis(node)) {
                if (isMaster(jedis)) all.addAll(jedis.keys(pattern));
            }
        }
        return all;
    }

    /** The node that would take over from this master. */
    public EmbeddedRedis replicaOf(EmbeddedRedis master) {
        return nodes.stream()
                .filter(node -> node != master && node.isAlive() && info(node).contains("master_port:" + master.port()))
                .findFirst()
                .orElseThrow();
    }

    /** Whether this node is a replica and has what its master has. */
    public boolean isFollowing(EmbeddedRedis node) {
        return info(node).contains("master_link_status:up");
    }

    private String info(EmbeddedRedis node) {
        try (var jedis = jedis(node)) {
            return jedis.info("replication");
        }
    }

    /** Whether this node holds keys now. */
    public boolean isMaster(EmbeddedRedis node) {
        try (var jedis = jedis(node)) {
            return isMaster(jedis);
        }
    }

    /** Moves the slot of {@code key}, with all its keys, to another master, as {@code redis-cli --cluster reshard} does. Returns that master. */
    public EmbeddedRedis moveSlot(String key) {
        int slot = JedisClusterCRC16.getSlot(key);
        int from = owner(slot);
        int to = IntStream.range(0, nodes.size())
                .filter(i -> i != from && nodes.get(i).isAlive() && isMaster(nodes.get(i)))
                .findFirst()
                .orElseThrow();
        beginMove(slot, from, to);
        migrate(slot, from, to);
        finishMove(slot, from, to);
        return nodes.get(to);
    }

    /** The first step of a move: keys that are there stay, others are asked for at the new master. Returns what ends it. */
    public Runnable beginMove(String key) {
        int slot = JedisClusterCRC16.getSlot(key);
        int from = owner(slot);
        int to = (from + 1) % MASTERS;
        beginMove(slot, from, to);
        return () -> {
            migrate(slot, from, to);
            finishMove(slot, from, to);
        };
    }

    private void beginMove(int slot, int from, int to) {
        try (var source = jedis(nodes.get(from));
                var target = jedis(nodes.get(to))) {
            target.clusterSetSlotImporting(slot, source.clusterMyId());
            source.clusterSetSlotMigrating(slot, target.clusterMyId());
        }
    }

    private void migrate(int slot, int from, int to) {
        try (var source = jedis(nodes.get(from))) {
            for (var keys = source.clusterGetKeysInSlot(slot, 100);
                    !keys.isEmpty();
                    keys = source.clusterGetKeysInSlot(slot, 100)) {
                var move = new CommandArguments(Command.MIGRATE)
                        .add(nodes.get(to).host())
                        .add(nodes.get(to).port())
                        .add("")
                        .add(0)
                        .add(5_000)
                        .add("AUTH")
                        .add(password)
                        .add("KEYS");
                keys.forEach(move::add);
                source.getConnection().executeCommand(move);
            }
        }
    }

    private void finishMove(int slot, int from, int to) {
        try (var source = jedis(nodes.get(from));
                var target = jedis(nodes.get(to))) {
            var owner = target.clusterMyId();
            target.clusterSetSlotNode(slot, owner);
            source.clusterSetSlotNode(slot, owner);
        }
        awaitAgreed();
    }

    /** Gives all slots of a node that is lost for good to another master, empty, as {@code redis-cli --cluster fix} does. */
    public void replace(EmbeddedRedis lost) {
        var heirs = nodes.stream()
                .filter(node -> node != lost && node.isAlive() && isMaster(node))
                .toList();
        var ranges = slotsOf(lost, heirs.getFirst());
        for (var node : heirs) slots(node, "DELSLOTSRANGE", ranges);
        slots(heirs.getFirst(), "ADDSLOTSRANGE", ranges);
        try (var heir = jedis(heirs.getFirst())) {
            // Newer than what the lost one said last, so that replicas believe it, too.
            heir.getConnection().executeCommand(new CommandArguments(Command.CLUSTER).add("BUMPEPOCH"));
        }
        awaitAgreed();
    }

    private void slots(EmbeddedRedis node, String what, List<String> ranges) {
        try (var jedis = jedis(node)) {
            var command = new CommandArguments(Command.CLUSTER).add(what);
            for (var range : ranges) {
                var ends = range.split("-", -1);
                command.add(ends[0]).add(ends[ends.length - 1]);
            }
            jedis.getConnection().executeCommand(command);
        }
    }

    private List<String> slotsOf(EmbeddedRedis master, EmbeddedRedis asSeenBy) {
        try (var jedis = jedis(asSeenBy)) {
            return jedis.clusterNodes()
                    .lines()
                    .map(line -> line.split(" ", -1))
                    .filter(fields -> fields[1].startsWith(master.host() + ":" + master.port() + "@"))
                    .flatMap(fields -> List.of(fields).subList(8, fields.length).stream())
                    .toList();
        }
    }

    private int owner(int slot) {
        for (int i = 0; i < nodes.size(); i++) {
            if (nodes.get(i).isAlive() && owns(i, slot)) return i;
        }
        throw new IllegalStateException("nobody alive holds slot " + slot);
    }

    /** As the node itself sees it. */
    private boolean owns(int node, int slot) {
        try (var jedis = jedis(nodes.get(node))) {
            for (var line : jedis.clusterNodes().lines().toList()) {
                if (!line.contains("myself,master")) continue;
                var fields = line.split(" ", -1);
                for (int i = 8; i < fields.length; i++) {
                    if (fields[i].startsWith("[")) continue; // on its way
                    var range = fields[i].split("-", -1);
                    if (slot >= Integer.parseInt(range[0]) && slot <= Integer.parseInt(range[range.length - 1]))
                        return true;
                }
            }
            return false;
        }
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(atExit);
        end();
    }

    private void end() {
        // What is in the folder is deleted next, so an orderly end would be wasted time.
        nodes.forEach(EmbeddedRedis::kill);
        nodes.forEach(EmbeddedRedis::close);
        TestServers.delete(folder);
    }

    private void join() {
        for (int i = 0; i < nodes.size(); i++) {
            try (var jedis = jedis(nodes.get(i))) {
                jedis.getConnection()
                        .executeCommand(new CommandArguments(Command.CLUSTER)
                                .add("SET-CONFIG-EPOCH")
                                .add(i + 1));
                if (i < MASTERS) {
                    jedis.getConnection()
                            .executeCommand(new CommandArguments(Command.CLUSTER)
                                    .add("ADDSLOTSRANGE")
                                    .add(SLOTS * i / MASTERS)
                                    .add(SLOTS * (i + 1) / MASTERS - 1));
                }
            }
        }
        try (var first = jedis(nodes.getFirst())) {
            for (var node : nodes.subList(1, nodes.size())) {
                // The bus has a port of its own, which only this form names.
                first.getConnection()
                        .executeCommand(new CommandArguments(Command.CLUSTER)
                                .add("MEET")
                                .add(node.host())
                                .add(node.port())
                                .add(node.busPort()));
            }
        }
        awaitAgreed();
    }

    private void replicate() {
        for (int i = MASTERS; i < nodes.size(); i++) {
            try (var replica = jedis(nodes.get(i));
                    var master = jedis(nodes.get(i - MASTERS))) {
                replica.clusterReplicate(master.clusterMyId());
            }
        }
        for (var replica : nodes.subList(MASTERS, nodes.size())) {
            Awaitility.await("replicas have everything").atMost(READY_MAX).until(() -> {
                try (var jedis = jedis(replica)) {
                    return jedis.info("replication").contains("master_link_status:up");
                }
            });
        }
        awaitAgreed();
    }

    /** Every living node knows all others and who holds which slots, alike. */
    private void awaitAgreed() {
        Awaitility.await("the nodes agree").atMost(READY_MAX).until(() -> {
            var views = nodes.stream()
                    .filter(EmbeddedRedis::isAlive)
                    .map(this::view)
                    .collect(Collectors.toSet());
            return views.size() == 1 && !views.contains("");
        });
    }

    private String view(EmbeddedRedis node) {
        try (var jedis = jedis(node)) {
            if (!jedis.clusterInfo().contains("cluster_state:ok")) return "";
            var lines = jedis.clusterNodes().lines().toList();
            if (lines.size() < nodes.size()) return "";
            return lines.stream()
                    .map(line -> line.split(" ", -1))
                    .map(fields -> fields[0] + " " + fields[3] + " "
                            + List.of(fields).subList(8, fields.length).stream()
                                    .filter(range -> !range.startsWith("["))
                                    .toList())
                    .sorted()
                    .collect(Collectors.joining("\n"));
        }
    }

    private static boolean isMaster(Jedis jedis) {
        return jedis.info("replication").contains("role:master");
    }
}
