//! The command line. Every flag can also be set in the environment; `--help`
//! names the variable.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, builder::BoolishValueParser as Boolish};

#[derive(Debug, Parser)]
#[command(name = "ssg", version, about, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    pub common: CommonArgs,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Clone, Default, Args)]
pub struct TranslationsArgs {
    /// Fail when anything is missing
    #[arg(long, env = "SSG_STRICT", value_parser = Boolish::new())]
    pub strict: bool,
    /// Answer with one JSON object
    #[arg(long, env = "SSG_JSON", value_parser = Boolish::new())]
    pub json: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct CommonArgs {
    /// Templates, static files and site.toml [default: templates]
    #[arg(long, env = "SSG_SITE", global = true, value_name = "DIR")]
    pub site: Option<PathBuf>,
    /// Where releases are published [default: dist]
    #[arg(long, env = "SSG_OUT", global = true, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What may be lost and rebuilt [default: content-cache]
    #[arg(long, env = "SSG_CACHE", global = true, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// The CMS to read from [default: http://127.0.0.1:1337]
    #[arg(long, env = "SSG_CMS_URL", global = true, value_name = "URL")]
    pub cms_url: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Pull the content, render what changed, publish it
    Build(BuildArgs),
    /// Look for mistakes in templates, links, pictures and markup; publish nothing
    Check(CheckArgs),
    /// Tell what a page was made from, and why it was rendered last
    Why(WhyArgs),
    /// Tell which URLs would change if a document did
    Impact(ImpactArgs),
    /// List what is not translated into every language of the site
    Translations(TranslationsArgs),
    /// Compare the live site with a clean build of the local copy
    Verify(VerifyArgs),
    /// Bring the local copy of the content up to date
    Pull(PullArgs),
    /// Run as a daemon: webhooks, catch-up polling, API proxy
    Serve(ServeArgs),
    /// Show the site while it is worked on: every change at once, nothing is published
    Dev(DevArgs),
    /// Print a link that shows drafts as they will be published
    Preview(PreviewArgs),
    /// List the releases, or show one's build report
    Releases(ReleasesArgs),
    /// Make an earlier release live and keep it so
    Rollback(RollbackArgs),
    /// Keep the live release live: later ones are built and wait
    Pin,
    /// Let new releases go live again, the newest first of all
    Unpin,
    /// List the files that differ between two releases
    Diff(DiffArgs),
    /// Bring a release to the machines in site.toml, all or none
    Deploy(DeployArgs),
    /// Let a deployment that waits on its canaries go on
    Promote,
    /// Take a deployment back that is not finished
    Abort,
    /// Tell the CDNs what they have not been told yet
    Purge(PurgeArgs),
    /// Print the nginx configuration for the site
    Nginx(NginxArgs),
    /// Write what this server needs to run as a service: settings, a systemd unit, nginx
    Init(InitArgs),
    /// Look for what is wrong with this installation
    Doctor(DoctorArgs),
    /// Fetch this site's credentials from the content server, with a code from `cms pair`
    Pair(PairArgs),
}

#[derive(Debug, Clone, Default, Args)]
pub struct BuildArgs {
    /// Build from the local copy, ask nothing of the CMS
    #[arg(long, env = "SSG_OFFLINE", value_parser = Boolish::new())]
    pub offline: bool,
    /// Forget what was rendered before and render everything
    #[arg(long, env = "SSG_CLEAN", value_parser = Boolish::new())]
    pub clean: bool,
    /// Publish nothing when any page fails
    #[arg(long, env = "SSG_STRICT", value_parser = Boolish::new())]
    pub strict: bool,
    /// Publish although the gate objects
    #[arg(long, env = "SSG_ACCEPT", value_parser = Boolish::new())]
    pub accept: bool,
    /// Write a report of the mistakes as a page to this file, too
    #[arg(long, env = "SSG_REPORT", value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Answer with one JSON object
    #[arg(long, env = "SSG_JSON", value_parser = Boolish::new())]
    pub json: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct PullArgs {
    /// Answer with one JSON object
    #[arg(long, env = "SSG_JSON", value_parser = Boolish::new())]
    pub json: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct ServeArgs {
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:8787]
    #[arg(long, env = "SSG_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Serve dist/current too, where no nginx does
    #[arg(long = "static", env = "SSG_STATIC", value_parser = Boolish::new())]
    pub serve_static: bool,
    /// How often to ask the CMS for changes that no webhook told of [default: 5s]
    #[arg(long, env = "SSG_POLL_INTERVAL", value_name = "DURATION")]
    pub poll_interval: Option<String>,
}

#[derive(Debug, Clone, Default, Args)]
pub struct CheckArgs {
    /// Check the local copy of the content, ask nothing of the CMS
    #[arg(long, env = "SSG_OFFLINE", value_parser = Boolish::new())]
    pub offline: bool,
    /// Ask the other sites that pages link to, too
    #[arg(long, env = "SSG_CHECK_EXTERNAL", value_parser = Boolish::new())]
    pub external: bool,
    /// Fail on warnings, too
    #[arg(long, env = "SSG_STRICT", value_parser = Boolish::new())]
    pub strict: bool,
    /// human, json, sarif, github (annotations) or html [default: human]
    #[arg(long, env = "SSG_CHECK_FORMAT", value_name = "FORMAT")]
    pub format: Option<String>,
    /// Write a report as a page to this file, too
    #[arg(long, env = "SSG_REPORT", value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// The same as --format json
    #[arg(long, env = "SSG_JSON", value_parser = Boolish::new())]
    pub json: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct DevArgs {
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:4000]
    #[arg(long, env = "SSG_DEV_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Show drafts in the place of what is published
    #[arg(long, env = "SSG_DRAFTS", value_parser = Boolish::new())]
    pub drafts: bool,
    /// How often to ask the CMS for changes [default: 1s]
    #[arg(long, env = "SSG_DEV_POLL_INTERVAL", value_name = "DURATION")]
    pub poll_interval: Option<String>,
}

#[derive(Debug, Clone, Default, Args)]
pub struct PreviewArgs {
    /// Documents whose drafts it shows; every draft when none is named
    #[arg(value_name = "DOCUMENT_ID")]
    pub documents: Vec<String>,
    /// Show drafts in this locale alone
    #[arg(long, env = "SSG_PREVIEW_LOCALE", value_name = "CODE")]
    pub locale: Option<String>,
    /// How long the link lives, 30 days at most [default: 1h]
    #[arg(long, env = "SSG_PREVIEW_EXPIRES", value_name = "DURATION")]
    pub expires: Option<String>,
    /// Show the site as of this time, such as 2027-01-31T09:00:00Z
    #[arg(long, env = "SSG_PREVIEW_AT", value_name = "TIME")]
    pub at: Option<String>,
    /// Where `ssg serve` is reached [default: base_url of site.toml]
    #[arg(long, env = "SSG_PREVIEW_URL", value_name = "URL")]
    pub url: Option<String>,
    /// End this link, before its time
    #[arg(long, env = "SSG_PREVIEW_REVOKE", value_name = "LINK", conflicts_with = "documents")]
    pub revoke: Option<String>,
    /// End every link there is
    #[arg(long, env = "SSG_PREVIEW_REVOKE_ALL", value_parser = Boolish::new(), conflicts_with = "documents")]
    pub revoke_all: bool,
    /// Answer with one JSON object
    #[arg(long, env = "SSG_JSON", value_parser = Boolish::new())]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
pub struct WhyArgs {
    /// A page's URL or path, such as /blog/x/
    pub url: String,
    /// Answer with one JSON object
    #[arg(long, env = "SSG_JSON", value_parser = Boolish::new())]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
pub struct ImpactArgs {
    /// The document's documentId
    #[arg(value_name = "DOCUMENT_ID")]
    pub document_id: String,
    /// Try only this field; without it, each in turn and the document's disappearance
    #[arg(long, env = "SSG_FIELD", value_name = "NAME")]
    pub field: Option<String>,
    /// Answer with one JSON object
    #[arg(long, env = "SSG_JSON", value_parser = Boolish::new())]
    pub json: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct VerifyArgs {
    /// Answer with one JSON object
    #[arg(long, env = "SSG_JSON", value_parser = Boolish::new())]
    pub json: bool,
}

#[derive(Debug, Clone, Default, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ReleasesArgs {
    #[command(subcommand)]
    pub command: Option<ReleasesCommand>,
    /// Answer with JSON
    #[arg(long, env = "SSG_JSON", value_parser = Boolish::new())]
    pub json: bool,
}

#[derive(Debug, Clone, Subcommand)]
pub enum ReleasesCommand {
    /// Show the report of the build that made a release
    Show {
        id: u64,
        /// Answer with the report as JSON
        #[arg(long, env = "SSG_JSON", value_parser = Boolish::new())]
        json: bool,
    },
}

#[derive(Debug, Clone, Default, Args)]
pub struct RollbackArgs {
    /// The release to show; without it, the one before the live one
    pub id: Option<u64>,
}

#[derive(Debug, Clone, Default, Args)]
pub struct DeployArgs {
    /// A kept release [default: the live one]
    pub release: Option<u64>,
    /// Tell what each target shows, and change nothing
    #[arg(long, env = "SSG_DEPLOY_STATUS", value_parser = Boolish::new())]
    pub status: bool,
    /// Compare every byte of every file, whatever a target says that it has
    #[arg(long, env = "SSG_DEPLOY_WHOLE", value_parser = Boolish::new())]
    pub whole: bool,
    /// With --status: answer with one JSON object
    #[arg(long, env = "SSG_JSON", value_parser = Boolish::new())]
    pub json: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct PurgeArgs {
    /// Have them forget the whole site
    #[arg(long, env = "SSG_PURGE_EVERYTHING", value_parser = Boolish::new())]
    pub everything: bool,
}

#[derive(Debug, Clone, Args)]
pub struct DiffArgs {
    /// A kept release, as `ssg releases` lists it
    #[arg(value_name = "A")]
    pub from: u64,
    /// The release to compare it with
    #[arg(value_name = "B")]
    pub to: u64,
    /// Answer with one JSON object
    #[arg(long, env = "SSG_JSON", value_parser = Boolish::new())]
    pub json: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct NginxArgs {
    /// Port, or address and port, that nginx listens on [default: 8080]
    #[arg(long, env = "SSG_NGINX_LISTEN", value_name = "PORT")]
    pub listen: Option<String>,
    /// The site's host names [default: any]
    #[arg(long, env = "SSG_NGINX_SERVER_NAME", value_name = "NAME")]
    pub server_name: Option<String>,
    /// Where `ssg serve` listens [default: 127.0.0.1:8787]
    #[arg(long, env = "SSG_NGINX_UPSTREAM", value_name = "ADDRESS")]
    pub upstream: Option<String>,
    /// Certificate chain for TLS; nginx listens on 443 then
    #[arg(long, env = "SSG_NGINX_TLS_CERTIFICATE", value_name = "FILE")]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's key
    #[arg(long, env = "SSG_NGINX_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Where visitors without TLS are sent to it [default: 80]
    #[arg(long, env = "SSG_NGINX_PLAIN_LISTEN", value_name = "PORT")]
    pub plain_listen: Option<String>,
    /// Stand in front of this static node; may be repeated
    #[arg(long = "node", env = "SSG_NGINX_NODES", value_name = "ADDRESS", value_delimiter = ',')]
    pub nodes: Vec<String>,
    /// A node that only a share of the visitors sees; may be repeated
    #[arg(
        long = "canary",
        env = "SSG_NGINX_CANARIES",
        value_name = "ADDRESS",
        value_delimiter = ','
    )]
    pub canaries: Vec<String>,
    /// That share [default: 5%]
    #[arg(long, env = "SSG_NGINX_CANARY_SHARE", value_name = "PERCENT")]
    pub canary_share: Option<String>,
    /// This node stands behind that front: believe it who is asking; may be repeated
    #[arg(long, env = "SSG_NGINX_BEHIND", value_name = "ADDRESS", value_delimiter = ',')]
    pub behind: Vec<String>,
    /// Requests a second to the API from one address; 0 is no limit [default: 20]
    #[arg(long, env = "SSG_NGINX_API_RATE", value_name = "NUMBER")]
    pub api_rate: Option<u32>,
    /// nginx has its brotli module: send the `.br` files of `precompress`
    #[arg(long, env = "SSG_NGINX_BROTLI", value_parser = Boolish::new())]
    pub brotli: bool,
    /// A whole file for `nginx -p DIR -c FILE`, as any user
    #[arg(long, env = "SSG_NGINX_FULL", value_parser = Boolish::new())]
    pub full: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct InitArgs {
    /// Folder for the files that belong to systemd and nginx [default: deploy]
    #[arg(long, env = "SSG_INIT_DIR", value_name = "DIR")]
    pub into: Option<PathBuf>,
    /// Who the service runs as [default: galley]
    #[arg(long, env = "SSG_SERVICE_USER", value_name = "NAME")]
    pub user: Option<String>,
    /// Overwrite files that differ
    #[arg(long, env = "SSG_INIT_FORCE", value_parser = Boolish::new())]
    pub force: bool,
    #[command(flatten)]
    pub nginx: NginxArgs,
}

#[derive(Debug, Clone, Default, Args)]
pub struct DoctorArgs {
    /// Answer with one JSON object
    #[arg(long, env = "SSG_JSON", value_parser = Boolish::new())]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
pub struct PairArgs {
    /// The code, or `-` to read it from stdin
    pub code: String,
    /// Where the content server reaches this site's webhooks: this host, and the path /hooks/cms
    #[arg(long, env = "SSG_HOOK_URL", value_name = "URL")]
    pub hook_url: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_has_an_environment_variable() {
        fn check(command: &clap::Command) {
            for arg in command.get_arguments().filter(|arg| arg.get_long().is_some()) {
                let built_in = matches!(arg.get_id().as_str(), "help" | "version");
                assert!(built_in || arg.get_env().is_some(), "--{}", arg.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
