/** dispatcherFor: how HTTP requests leave this machine: by the editor's proxy, the environment's, or directly. */

import { Agent, type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from 'undici';

/**
 * `proxy` is the editor's own setting, an address; else HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the
 * environment count. What goes to this very machine (`host` is a URL's) never goes by a proxy.
 */
export function dispatcherFor(proxy: string | undefined, host = ''): Dispatcher {
  if (isThisMachine(host)) return new Agent();
  if (proxy) return new ProxyAgent(proxy);
  const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy } = process.env;
  return HTTPS_PROXY || https_proxy || HTTP_PROXY || http_proxy ? new EnvHttpProxyAgent() : new Agent();
}

/** By a URL's host name. */
export function isThisMachine(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/i.test(host);
}
