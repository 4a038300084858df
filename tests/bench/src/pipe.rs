//! The practical limit: a proxy that takes HTTP in, passes bytes on over kept connections, and looks at nothing.

use anyhow::Result;
use bytes::Bytes;
use http_body_util::{Either, Empty};
use hyper::{
    Request, Response, StatusCode, Uri,
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
    header,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::net::{TcpListener, TcpStream};

type Kept = Arc<Mutex<Vec<SendRequest<Incoming>>>>;
type Body = Either<Incoming, Empty<Bytes>>;

/// Listens on a free port of 127.0.0.1, prints its address, and passes everything on to `to`.
pub(crate) async fn serve(to: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("{}", listener.local_addr()?);
    let kept = Kept::default();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let kept = Arc::clone(&kept);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let kept = Arc::clone(&kept);
                async move { Ok::<_, Infallible>(pass(request, to, &kept).await.unwrap_or_else(|_| broken())) }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn pass(mut request: Request<Incoming>, to: SocketAddr, kept: &Kept) -> Result<Response<Body>> {
    let mut sender = sender(to, kept).await?;
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).parse::<Uri>()?;
    *request.uri_mut() = path;
    request.headers_mut().insert(header::HOST, header::HeaderValue::from_str(&to.to_string())?);
    let response = sender.send_request(request).await?;
    // The answer's body still comes over this connection; hyper makes the next request wait for its end.
    kept.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
    Ok(response.map(Either::Left))
}

/// A kept connection that can take a request now, or a new one.
async fn sender(to: SocketAddr, kept: &Kept) -> Result<SendRequest<Incoming>> {
    let ready = {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|sender| !sender.is_closed());
        let ready = kept.iter().position(SendRequest::is_ready);
        ready.map(|at| kept.swap_remove(at))
    };
    if let Some(sender) = ready {
        return Ok(sender);
    }
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

fn broken() -> Response<Body> {
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}
