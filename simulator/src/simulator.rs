//! A running simulator.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::control::Control;
use crate::control::churn::Churn;
use crate::server;
use crate::settings::Settings;
use crate::state::State;

/// A simulated OZmap that listens until it is stopped or dropped. All that [`Control`] can do it can do too.
pub struct Simulator {
    control: Control,
    address: SocketAddr,
    serving: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Builds the network and listens.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let state = spawn_blocking(move || Arc::new(State::new(settings))).await.map_err(io::Error::other)?;
        let serving = tokio::spawn(server::serve(listener, Arc::clone(&state)));
        Ok(Self { control: Control::new(state), address, serving: Some(serving) })
    }

    /// *OzMap Host*: `http://127.0.0.1:PORT/api/v2`.
    pub fn host(&self) -> String {
        format!("{}/api/v2", self.origin())
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A handle that others may hold.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Closes the listener and every connection: OZmap is dead. The network stays.
    pub async fn stop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            // Aborted on order; waited for so that the port is free.
            let _aborted = serving.await;
        }
    }

    /// Listens again, on the same address.
    pub async fn resume(&mut self) -> io::Result<()> {
        self.stop().await;
        let listener = TcpListener::bind(self.address).await?;
        self.serving = Some(tokio::spawn(server::serve(listener, Arc::clone(&self.control.state))));
        Ok(())
    }
}

impl Deref for Simulator {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.abort();
        }
        self.control.churn(Churn::default());
        *self.control.state.hook() = None;
    }
}
