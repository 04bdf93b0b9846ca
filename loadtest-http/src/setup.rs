//! What sessions have in common.

use std::cell::RefCell;
use std::rc::Rc;

use http::HeaderMap;
use loadtest_core::{ClientSettings, Context, InputError};

#[cfg(feature = "tower")]
use crate::app::{self, App};
use crate::headers::Automatic;
use crate::settings::{HttpSettings, Limits};
use crate::target::Base;
#[cfg(feature = "tower")]
use crate::transport::{InProcess, Mounted};
use crate::transport::{Kind, Network, Recent, Transport};

/// What sessions of one thread with one host and the same settings share.
pub(crate) struct Setup {
    pub(crate) base: Base,
    pub(crate) network: Rc<Network>,
    pub(crate) limits: Limits,
    /// Of requests to the base's origin.
    pub(crate) automatic: Rc<Automatic>,
    pub(crate) settings: HttpSettings,
    pub(crate) kind: Kind,
    /// What answers requests to the base's origin, if that is in this process.
    #[cfg(feature = "tower")]
    app: Option<Rc<dyn Mounted>>,
}

/// The setups and networks of one thread that were used last; sessions hold theirs, and have it for as long as they
/// live.
#[derive(Default)]
struct Shelf {
    networks: RefCell<Recent<Rc<Network>>>,
    /// With the host as it was given.
    setups: RefCell<Recent<(Rc<str>, Rc<Setup>)>>,
}

impl Setup {
    /// The one for this host and these settings: that of the sessions before, or a new one.
    pub(crate) fn of(cx: &Context, settings: &HttpSettings, kind: Kind) -> Result<Rc<Self>, InputError> {
        let shelf = cx.shard_local(Shelf::default);
        let host = cx.host().unwrap_or_default();
        let found = shelf
            .setups
            .borrow_mut()
            .find(|(known, setup)| **known == *host && setup.kind == kind && setup.settings == *settings);
        match found {
            Some((_, setup)) => Ok(setup),
            None => shelf.new_setup(cx, settings, kind),
        }
    }

    /// The transport of one more session.
    pub(crate) fn transport(&self) -> Transport {
        let transport = Transport::new(self.kind);
        #[cfg(feature = "tower")]
        if let Some(app) = &self.app {
            return InProcess::in_front_of(transport, Rc::clone(app), Rc::clone(&self.base.origin));
        }
        transport
    }

    /// The headers of requests to the base's origin, with those that were set on one session.
    pub(crate) fn automatic_with(&self, own: &HeaderMap) -> Automatic {
        let Base { origin, credentials, .. } = &self.base;
        Automatic::new(origin, credentials.as_ref(), &[&self.settings.headers, own])
    }
}

/// The base that sessions would have; `None` for the host is fine where an application in this process is the target.
///
/// # Errors
/// When the host is missing or malformed: what to write instead.
pub(crate) fn base_before_the_run(settings: &ClientSettings<'_>) -> Result<Base, InputError> {
    #[cfg(feature = "tower")]
    return Base::parse(app::host(settings.host, settings.extension::<App>().is_some()));
    #[cfg(not(feature = "tower"))]
    Base::parse(settings.host)
}

impl Shelf {
    fn new_setup(&self, cx: &Context, settings: &HttpSettings, kind: Kind) -> Result<Rc<Setup>, InputError> {
        #[cfg(feature = "tower")]
        let app = cx.extension::<App>();
        #[cfg(feature = "tower")]
        let base = Base::parse(app::host(cx.host(), app.is_some()))?;
        #[cfg(not(feature = "tower"))]
        let base = Base::parse(cx.host())?;
        let tls = settings.tls.clone().with_run(cx.tls())?;
        let known = self.networks.borrow_mut().find(|network| *network.settings() == tls);
        let network = known.unwrap_or_else(|| {
            let network = Rc::new(Network::new(cx, tls));
            self.networks.borrow_mut().add(Rc::clone(&network));
            network
        });
        if base.origin.secure {
            network.prepare_tls();
        }
        let HttpSettings { headers, limits, .. } = settings;
        let automatic = Automatic::new(&base.origin, base.credentials.as_ref(), &[headers]);
        let setup = Rc::new(Setup {
            base,
            network,
            limits: *limits,
            automatic: Rc::new(automatic),
            settings: settings.clone(),
            kind,
            #[cfg(feature = "tower")]
            app: app.map(|app| app.mount()),
        });
        let host = cx.host().unwrap_or_default().into();
        self.setups.borrow_mut().add((host, Rc::clone(&setup)));
        Ok(setup)
    }
}
