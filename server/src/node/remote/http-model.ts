/** HttpModel: the RemoteModel behind stet.completion.remoteUrl: llama.cpp's server, or one like OpenAI's. */

// Nothing is asked of the server before the first suggestion is. The key goes into one header of its
// requests and nowhere else: no message, no log line and no trace has it.

import { type Dispatcher, fetch, type Response } from 'undici';
import { EngineError } from '../../engine/base/error.ts';
import type { InfillChunk, InfillRequest, RemoteModel } from '../../engine/completion/remote.ts';
import { dispatcherFor } from '../dispatcher.ts';
import { eventsOf, wholeText } from './event-stream.ts';
import { llamaCpp, openAi, type Protocol } from './protocols.ts';

export interface HttpModelOptions {
  /** `http://gpu.example:8080`; with or without `/v1` at its end. */
  readonly url: string;
  /** Empty: the server's first. */
  readonly model: string;
  readonly protocol: 'auto' | 'llama.cpp' | 'openai';
  /** Empty: `suffix` is sent. */
  readonly template: string;
  readonly key?: string;
  /** The editor's own; else the environment's counts. */
  readonly proxy?: string;
  readonly timeouts?: Timeouts;
}

interface Timeouts {
  /** Until the first piece of an answer: a long prompt, read by a busy server. */
  readonly firstMs: number;
  /** Between two pieces. */
  readonly stallMs: number;
}

const defaultTimeouts: Timeouts = { firstMs: 20_000, stallMs: 10_000 };

/** What is shown of a server's own words. */
const maxReasonChars = 160;

/** Statuses by which servers say that they have no such path; 503 is not one: llama.cpp says so while it loads. */
const notThere = [400, 403, 404, 405, 422, 500, 501];

const wayOut = 'or set stet.completion.backend to embedded';

export class HttpModel implements RemoteModel {
  /** For people: the model's name, where it is set, and its host. */
  readonly name: string;
  private readonly base: string;
  private readonly dispatcher: Dispatcher;
  private readonly timeouts: Timeouts;
  private protocol: Promise<Protocol> | undefined;

  /** Throws EngineError('remote-failed') when an address is none, or the template is wrong. */
  constructor(private readonly options: HttpModelOptions) {
    const { url, model, template, proxy } = options;
    const address = checkedUrl(url);
    this.base = address.href.replace(/\/+$/, '').replace(/\/v1$/, '');
    this.name = `${model ? `${model} at ` : ''}${address.host}`;
    if (proxy && !URL.canParse(proxy)) throw failed('The editor’s proxy is no address. Correct http.proxy');
    this.dispatcher = dispatcherFor(proxy, address.hostname);
    this.timeouts = options.timeouts ?? defaultTimeouts;
    openAi(model, template); // complains now, not at the first key
  }

  async *infill(request: InfillRequest, signal: AbortSignal): AsyncGenerator<InfillChunk> {
    const end = new AbortController(); // also when nobody pulls any further
    const both = AbortSignal.any([signal, end.signal]);
    const patience = new Patience(end);
    try {
      patience.wait(this.timeouts.firstMs);
      const protocol = await orAborted(this.protocolNow(), both);
      const body = JSON.stringify(protocol.bodyOf(request));
      const response = await this.send(protocol.path, { method: 'POST', body, signal: both });
      for await (const event of this.eventsIn(response)) {
        patience.wait(this.timeouts.stallMs);
        if (event === '[DONE]') return;
        yield this.chunkOf(event, protocol);
      }
    } catch (cause) {
      signal.throwIfAborted();
      throw this.explained(end.signal.aborted ? end.signal.reason : cause);
    } finally {
      patience.stop();
      end.abort();
    }
  }

  async dispose(): Promise<void> {
    await this.dispatcher.destroy();
  }

  /** Found out once, whatever becomes of the request that needs it first; who could not be asked is asked again. */
  private protocolNow(): Promise<Protocol> {
    this.protocol ??= this.findProtocol(AbortSignal.timeout(this.timeouts.firstMs)).catch((error) => {
      this.protocol = undefined;
      throw error;
    });
    return this.protocol;
  }

  private async findProtocol(signal: AbortSignal): Promise<Protocol> {
    const { protocol, model, template } = this.options;
    if (protocol === 'llama.cpp') return llamaCpp;
    // What llama.cpp's server alone says of itself.
    const props = protocol === 'auto' ? await this.json('/props', signal) : undefined;
    if (props?.default_generation_settings) return llamaCpp;
    if (model) return openAi(model, template);
    const listed = (await this.json('/v1/models', signal))?.data;
    const [first] = Array.isArray(listed) ? listed : [];
    return openAi(typeof first?.id === 'string' ? first.id : '', template);
  }

  /** Undefined where the server has no such thing. */
  private async json(path: string, signal: AbortSignal): Promise<Record<string, unknown> | undefined> {
    const response = await this.send(path, { signal }, notThere);
    const text = await wholeText(response.body ?? nothing());
    return response.ok ? recordOf(text) : undefined;
  }

  /** Servers that know no streams answer with one document, which is one event. */
  private async *eventsIn({ headers, body }: Response): AsyncGenerator<string> {
    const type = headers.get('content-type') ?? '';
    if (body && /json/.test(type)) yield await wholeText(body);
    else if (body && /event-stream/.test(type)) yield* eventsOf(body);
    else throw failed(this.noModels());
  }

  /** Rejects where the status is neither success nor one of `expected`. */
  private async send(
    path: string,
    init: { method?: string; body?: string; signal: AbortSignal },
    expected: readonly number[] = [],
  ): Promise<Response> {
    const { key } = this.options;
    const response = await fetch(this.base + path, {
      ...init,
      headers: {
        'content-type': 'application/json',
        ...(key && { authorization: `Bearer ${key}` }),
      },
      redirect: 'manual', // the code goes to the host that was named, and to no other
      dispatcher: this.dispatcher,
    });
    if (response.ok || expected.includes(response.status)) return response;
    throw failed(await this.refusal(path, response));
  }

  private async refusal(path: string, response: Response): Promise<string> {
    const { status } = response;
    const said = await this.reasonOf(response);
    const because = said && `: ${said}`;
    if (status >= 300 && status < 400) {
      const location = response.headers.get('location') ?? '';
      const to = URL.canParse(location) ? new URL(location).origin : 'elsewhere';
      return `${this.base} sends on to ${to}, which is not followed. Name that address in stet.completion.remoteUrl if it is the right one`;
    }
    if (status === 401 || status === 403)
      return `${this.base} wants a key, or another one (${status}). Run “Stet: Set Remote Key…”`;
    if (status === 404)
      return `${this.base} has no ${path} (404)${because}. Correct stet.completion.remoteUrl, stet.completion.remoteModel or stet.completion.remoteProtocol`;
    if (status === 400 && /suffix/i.test(said))
      return `${this.base} takes no text behind the cursor${because}. Set stet.completion.remoteTemplate to the model’s own sentinels; docs/remote-backend.md has them`;
    return `${this.base} answered ${status}${because}. Its log says why; try again later`;
  }

  /** A server's own words, short, and without the key. */
  private async reasonOf(response: Response): Promise<string> {
    const text = await wholeText(response.body ?? nothing());
    const { error, message, detail } = recordOf(text) ?? {};
    const nested = (error as Record<string, unknown> | undefined)?.message;
    const words = [nested, error, message, detail].find((value) => typeof value === 'string') ?? '';
    return this.withoutKey(String(words)).replace(/\s+/g, ' ').slice(0, maxReasonChars);
  }

  private chunkOf(event: string, protocol: Protocol): InfillChunk {
    const said = recordOf(event);
    const { error } = said ?? {};
    if (error !== undefined) {
      const { message } = (error ?? {}) as { message?: unknown };
      const words = this.withoutKey(String(message ?? error)).slice(0, maxReasonChars);
      throw failed(`${this.base} broke off: ${words}. Its log says why; try again later`);
    }
    const chunk = said && protocol.chunkOf(said);
    if (chunk) return chunk;
    throw failed(this.noModels());
  }

  private noModels(): string {
    return `${this.base} does not answer as a server of models does. Correct stet.completion.remoteUrl or stet.completion.remoteProtocol`;
  }

  private withoutKey(text: string): string {
    const { key } = this.options;
    return key ? text.replaceAll(key, '…') : text;
  }

  private explained(cause: unknown): Error {
    if (cause instanceof EngineError) return cause;
    const { cause: inner, message } = cause as Error & { cause?: { code?: string; message?: string } };
    const why = this.withoutKey(inner?.code ?? inner?.message ?? message);
    return failed(
      `${this.base} cannot be reached (${why}). Start the server there, correct stet.completion.remoteUrl`,
      { cause },
    );
  }
}

/** Ends a request whose answer does not come. */
class Patience {
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly end: AbortController) {}

  wait(ms: number): void {
    clearTimeout(this.timer);
    const reason = new Error(`no answer for ${ms / 1000} s`);
    this.timer = setTimeout(() => this.end.abort(reason), ms);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

function failed(message: string, options?: { cause?: unknown }): EngineError {
  return new EngineError('remote-failed', `${message}, ${wayOut}.`, true, options);
}

function checkedUrl(url: string): URL {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) {
    const address = new URL(url);
    if (!address.username && !address.password) return address;
    throw failed(
      'stet.completion.remoteUrl holds a password. Take it out and run “Stet: Set Remote Key…” instead',
    );
  }
  throw failed(
    url
      ? 'stet.completion.remoteUrl is no http or https address. Correct it'
      : 'stet.completion.backend is remote, but no server is named. Set stet.completion.remoteUrl',
  );
}

function recordOf(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Rejects with the signal's reason when that is aborted first. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
