//! actix's HTTP service, one for each worker thread, fed with connections instead of a listening socket.

use super::HouseData;
use super::base_path;
use super::connection::{HttpStream, Peer};
use super::slow::{self, BodyClock};
use actix_http::{HttpService, Request};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, map_config};
use actix_web::App;
use actix_web::dev::AppConfig;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::ServiceConfig;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use std::rc::Rc;
use std::time::Duration;

type Serve = dyn Fn(HttpStream) -> LocalBoxFuture<'static, ()>;

/// Lives on one thread.
#[derive(Clone)]
pub struct HttpWorker {
    serve: Rc<Serve>,
}

/// How long a client may take for the head of a request, and how long an idle connection stays open.
const REQUEST_HEAD: Duration = Duration::from_secs(15);
const KEEP_ALIVE: Duration = Duration::from_secs(75);

impl HttpWorker {
    /// Builds the application on this thread. `configure`: the routes of all doors.
    pub async fn start(house: HouseData, configure: fn(&mut ServiceConfig)) -> std::io::Result<HttpWorker> {
        let patience = house.options.patience;
        let app = App::new()
            .app_data(house)
            .configure(configure)
            .wrap(from_fn(slow::keep_pace))
            .wrap(Compress::default())
            .wrap(from_fn(base_path::take_off));
        let factory = map_config(IntoServiceFactory::<_, Request>::into_factory(app), |()| {
            AppConfig::default()
        });
        let http = HttpService::build()
            .client_request_timeout(REQUEST_HEAD.min(patience.command))
            .keep_alive(KEEP_ALIVE)
            .on_connect_ext(|io: &HttpStream, extensions| {
                extensions.insert::<Peer>(io.peer);
                extensions.insert::<BodyClock>(io.body_clock());
            })
            .h1(factory);
        let service = http
            .new_service(())
            .await
            .map_err(|()| std::io::Error::other("the HTTP service cannot be started"))?;
        let service = Rc::new(service);
        Ok(HttpWorker {
            serve: Rc::new(move |stream| {
                let address = stream.peer.address;
                let call = service.call((stream, Some(address)));
                async move {
                    if let Err(e) = call.await {
                        tracing::debug!(peer = %address, error = %e, "an HTTP connection broke off");
                    }
                }
                .boxed_local()
            }),
        })
    }

    pub async fn serve(&self, stream: HttpStream) {
        (self.serve)(stream).await;
    }
}
