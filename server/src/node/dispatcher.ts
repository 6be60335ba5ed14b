/** dispatcherFor: how HTTP requests leave this machine: by the editor's proxy, the environment's, or directly. */

import { Agent, type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from 'undici';
import { EngineError } from '../engine/base/error.ts';

/**
 * `proxy` is the editor's own setting, an address; else HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the
 * environment count. What goes to this very machine (`host` is a URL's) never goes by a proxy. Throws
 * EngineError('download-failed') where the environment's is no address.
 */
export function dispatcherFor(proxy: string | undefined, host = ''): Dispatcher {
  if (isThisMachine(host)) return new Agent();
  if (proxy) return new ProxyAgent(proxy);
  const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy } = process.env;
  if (!(HTTPS_PROXY || https_proxy || HTTP_PROXY || http_proxy)) return new Agent();
  try {
    return new EnvHttpProxyAgent();
  } catch (cause) {
    const message =
      'The proxy that the environment names is no address. Write HTTPS_PROXY and HTTP_PROXY as http://host:port.';
    throw new EngineError('download-failed', message, true, { cause });
  }
}

/** By a URL's host name. */
export function isThisMachine(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/i.test(host);
}
