//! `/api`: what the page needs and Graph has no word for; `/ui`: bodies of messages, made safe.
//! The contract is `docs/web-api.md`.

mod admin;
mod agreements;
mod apps;
mod bulk;
mod conversations;
mod deleted;
mod devices;
mod error;
mod events;
mod feeds;
mod held;
mod invitation;
mod mailboxes;
mod oneself;
mod outside;
mod passkeys;
mod past;
mod personal_data;
mod preferences;
mod private;
mod publication;
mod qr;
mod rehearsal;
mod remote_image;
mod render;
mod second_factor;
mod session;
mod setup;
mod setup_check;

use actix_web::web::{self, ServiceConfig};
use error::ApiError;

pub fn configure(config: &mut ServiceConfig) {
    let json = web::JsonConfig::default()
        .limit(256 << 10)
        .error_handler(|e, _| ApiError::bad_json(&e).into());
    config.service(
        web::scope("/api")
            .app_data(json)
            .service(web::scope("/setup").configure(setup::configure))
            .service(web::scope("/session/passkey").configure(passkeys::configure_session))
            .service(web::scope("/session").configure(session::configure))
            .service(web::scope("/outside").configure(outside::configure))
            .service(web::scope("/apps").configure(apps::configure))
            .service(web::scope("/agreements").configure(agreements::configure))
            .service(web::scope("/bulk").configure(bulk::configure))
            .service(web::scope("/held").configure(held::configure))
            .service(web::scope("/deleted").configure(deleted::configure))
            .service(web::scope("/personal-data").configure(personal_data::configure))
            .service(web::scope("/past").configure(past::configure))
            .service(web::scope("/admin").configure(admin::configure))
            .service(web::scope("/preferences").configure(preferences::configure))
            .service(web::scope("/second-factor").configure(second_factor::configure))
            .service(web::scope("/passkeys").configure(passkeys::configure))
            .service(web::scope("/app-passwords").configure(second_factor::configure_apps))
            .service(web::scope("/sessions").configure(oneself::configure_sessions))
            .service(web::scope("/calendar/subscriptions").configure(feeds::configure))
            .service(
                web::scope("/calendar/calendars/{calendar}/publication").configure(publication::configure),
            )
            .route("/password", web::put().to(oneself::change_password))
            .route("/messages/{message}/invitation", web::get().to(invitation::show))
            .route(
                "/calendar/events/{event}/decline-proposal",
                web::post().to(invitation::decline_proposal),
            )
            .route("/signing-key", web::post().to(apps::rotate_key))
            .route("/rules/{rule}/rehearsal", web::get().to(rehearsal::show))
            .route("/mailboxes", web::get().to(mailboxes::list))
            .route("/conversations", web::get().to(conversations::list))
            .route("/devices", web::get().to(devices::show))
            .route("/events", web::get().to(events::events))
            .default_service(web::to(error::not_found)),
    );
    config.route("/ui/render/{message}", web::get().to(render::render));
    // The page asks for the head alone to learn how many pictures were left out.
    config.route("/ui/render/{message}", web::head().to(render::render));
    config.route("/ui/past/{place}/{id}/{item}", web::get().to(past::render));
    config.route("/ui/image/{message}", web::get().to(remote_image::show));
    config.route("/ui/part/{message}/{part}", web::get().to(render::part));
}
