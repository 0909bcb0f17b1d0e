//! `/api/admin/domains`: whose mail is taken, and what the DNS is to say about it.

use super::{Answer, no_content};
use crate::appliance::collect::list_sources;
use crate::base::Error;
use crate::base::clock::rfc3339;
use crate::delivery::records::{Record, check_records};
use crate::delivery::service_records::{At, Places, check_services};
use crate::identity::domains::{add_domain, find_domain, list_domains, remove_domain};
use crate::protocols::http::auth::house;
use crate::protocols::http::base_path;
use crate::protocols::servers::{Security, Server, Servers};
use crate::protocols::web_api::error::AtField;
use crate::protocols::web_api::session::administrator;
use actix_web::web::{self, Json, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("")
                .route(web::get().to(list))
                .route(web::post().to(add)),
        )
        .route("/{name}", web::delete().to(remove))
        .route("/{name}/records", web::get().to(records));
}

async fn list(request: HttpRequest) -> Answer {
    let ctx = administrator(&request).await?;
    let all = list_domains(&ctx).await?;
    let shown: Vec<Value> = all
        .iter()
        .map(|d| json!({"name": d.name, "createdAt": rfc3339(d.created_at_ms), "selector": d.dkim_selector}))
        .collect();
    let host_name = &house(&request)?.post_room.options.host_name;
    Ok(HttpResponse::Ok().json(json!({"domains": shown, "hostName": host_name})))
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

async fn add(request: HttpRequest, body: Json<Named>) -> Answer {
    let ctx = administrator(&request).await?;
    if !add_domain(&ctx, &body.name).await.at("name")? {
        return Err(Error::exists(format!("{} is there already", body.name.trim()))).at("name");
    }
    Ok(HttpResponse::Created().json(json!({})))
}

async fn remove(request: HttpRequest, name: Path<String>) -> Answer {
    let ctx = administrator(&request).await?;
    remove_domain(&ctx, &name).await?;
    no_content()
}

async fn records(request: HttpRequest, name: Path<String>) -> Answer {
    let ctx = administrator(&request).await?;
    let domain = find_domain(&ctx, &name).await?;
    let domain = domain.ok_or_else(|| Error::not_found("this is no domain of this server"))?;
    let collects = list_sources(&ctx).await?.iter().any(|s| s.is_enabled);
    let house = house(&request)?;
    let servers = Servers::find(house, &request, Some(&format!("postmaster@{}", domain.name))).await?;
    let at = |server: &Server| At {
        host: server.host.clone(),
        port: server.port,
        is_tls: server.security == Security::Tls,
    };
    let places = Places {
        dav: (servers.web.host.clone(), servers.web.port),
        dav_path: format!("{}/dav/", base_path::get()),
        imap: at(&servers.imap),
        submission: at(&servers.submission),
    };
    let (found, services) = tokio::join!(
        check_records(&house.post_room, &domain, collects),
        check_services(&house.post_room, &domain.name, &places),
    );
    let found: Vec<Record> = found?.into_iter().chain(services).collect();
    Ok(HttpResponse::Ok().json(json!({"records": found})))
}
