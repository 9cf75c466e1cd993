package chat.parley.notifier;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerExpectContinueHandler;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** HTTP/2 over TLS as large services speak it, or plain HTTP/1.1; answers what a function says. */
final class TestHttpServer implements AutoCloseable {
    private static final int BODY_BYTES_MAX = 64 * 1024;

    /** As Google's servers. */
    private static final int STREAMS_MAX = 100;

    private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Handler handler;
    private final @Nullable SslContext tls;
    private final Channel listening;

    /** @param headers with names in lower case */
    record Request(String method, String path, Map<String, String> headers, byte[] body, String protocol) {}

    @FunctionalInterface
    interface Handler {
        FakeFcm.Answer answer(Request request);
    }

    private TestHttpServer(@Nullable TestCertificate certificate, Handler handler) throws IOException {
        this.handler = handler;
        this.tls = certificate == null ? null : tls(certificate);
        this.listening = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1_024)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        begin(channel);
                    }
                })
                .bind("127.0.0.1", 0)
                .syncUninterruptibly()
                .channel();
    }

    /** @param certificate null: without TLS */
    static TestHttpServer start(@Nullable TestCertificate certificate, Handler handler) throws IOException {
        return new TestHttpServer(certificate, handler);
    }

    int port() {
        return ((InetSocketAddress) listening.localAddress()).getPort();
    }

    @Override
    public void close() {
        var unused = listening.close().syncUninterruptibly();
        var unusedToo = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private void begin(Channel channel) {
        var pipeline = channel.pipeline();
        if (tls == null) {
            addHttp1(pipeline, channel);
            return;
        }
        pipeline.addLast(tls.newHandler(channel.alloc()));
        pipeline.addLast(new ApplicationProtocolNegotiationHandler(ApplicationProtocolNames.HTTP_1_1) {
            @Override
            protected void configurePipeline(ChannelHandlerContext context, String protocol) {
                if (protocol.equals(ApplicationProtocolNames.HTTP_2)) {
                    addHttp2(context.pipeline(), channel);
                } else {
                    addHttp1(context.pipeline(), channel);
                }
            }
        });
    }

    private void addHttp1(ChannelPipeline pipeline, Channel connection) {
        pipeline.addLast(new HttpServerCodec(), new HttpServerExpectContinueHandler());
        pipeline.addLast(new HttpObjectAggregator(BODY_BYTES_MAX), new Answering(connection, "HTTP/1.1"));
    }

    private void addHttp2(ChannelPipeline pipeline, Channel connection) {
        pipeline.addLast(Http2FrameCodecBuilder.forServer()
                .initialSettings(Http2Settings.defaultSettings().maxConcurrentStreams(STREAMS_MAX))
                .build());
        pipeline.addLast(new Http2MultiplexHandler(new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel stream) {
                stream.pipeline()
                        .addLast(
                                new Http2StreamFrameToHttpObjectCodec(true),
                                new HttpObjectAggregator(BODY_BYTES_MAX),
                                new Answering(connection, "HTTP/2"));
            }
        }));
    }

    private final class Answering extends SimpleChannelInboundHandler<FullHttpRequest> {
        private final Channel connection;
        private final String protocol;

        Answering(Channel connection, String protocol) {
            this.connection = connection;
            this.protocol = protocol;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            var headers = new HashMap<String, String>();
            request.headers()
                    .forEach(header -> headers.put(header.getKey().toLowerCase(Locale.ROOT), header.getValue()));
            byte[] body = ByteBufUtil.getBytes(request.content());
            var answer = handler.answer(new Request(request.method().name(), request.uri(), headers, body, protocol));
            var unused = context.executor()
                    .schedule(() -> write(context, answer), answer.delay().toMillis(), TimeUnit.MILLISECONDS);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            var unused = context.close();
        }

        private void write(ChannelHandlerContext context, FakeFcm.Answer answer) {
            if (answer.status() == 0) {
                connection.config().setOption(ChannelOption.SO_LINGER, 0);
                var unused = connection.close();
                return;
            }
            var response = new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1,
                    HttpResponseStatus.valueOf(answer.status()),
                    Unpooled.wrappedBuffer(answer.body().getBytes(UTF_8)));
            response.headers()
                    .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
                    .set(HttpHeaderNames.CONTENT_TYPE, "application/json; charset=UTF-8");
            answer.headers().forEach(response.headers()::set);
            var unused = context.writeAndFlush(response);
        }
    }

    private static SslContext tls(TestCertificate certificate) throws IOException {
        return SslContextBuilder.forServer(certificate.key(), certificate.certificate())
                .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        ApplicationProtocolNames.HTTP_2,
                        ApplicationProtocolNames.HTTP_1_1))
                .build();
    }
}
