/** Reporter: what happens becomes status, log lines and stet/trace notifications. */

// The status is the engine's state, unless the last request failed for a reason that a person can
// do something about; the next request that succeeds takes that back.

import { type Connection, MessageType, ShowMessageNotification } from 'vscode-languageserver/node';
import {
  indexStatusNotification,
  type OracleParams,
  oracleNotification,
  type RegretParams,
  regretNotification,
  type StatusParams,
  statusNotification,
  type TraceParams,
  traceNotification,
  type WithdrawnParams,
  withdrawnNotification,
} from '../../../protocol/messages.ts';
import { EngineError } from '../engine/base/error.ts';
import type { TraceEvent } from '../engine/base/ports.ts';
import type { CompletionResult } from '../engine/engine.ts';
import type { IndexStatus } from '../engine/search/code-search.ts';

export class Reporter {
  /** Clients that show no status item are told of errors by a message instead. */
  hasStatusItem = false;
  private engineStatus: StatusParams = { state: 'loading', detail: 'Starting…' };
  private requestError: StatusParams | undefined;
  private power: string | undefined;
  private sent: StatusParams | undefined;
  private lastFailure: string | undefined;
  private lastIndexError: string | undefined;
  private readonly saidOfOracles = new Set<string>();
  private readonly saidNotices = new Set<string>();

  constructor(private readonly connection: Connection) {}

  /** The engine process changed its state. A notice is shown once, however often the engine starts. */
  engineState({ notice, ...status }: StatusParams & { readonly notice?: string }): void {
    if (notice !== undefined && !this.saidNotices.has(notice)) this.warn(notice);
    this.engineStatus = status;
    this.requestError = undefined;
    this.sendStatus();
    if (status.state !== 'loading') this.log(status.state === 'error' ? 'error' : 'info', status.detail);
  }

  /** What is left undone to save energy; undefined: nothing. */
  powerNote(note: string | undefined): void {
    if (note === this.power) return;
    this.power = note;
    this.sendStatus();
  }

  /** A request was answered, with or without a suggestion. */
  completed(uri: string, { outcome, cost }: CompletionResult): void {
    this.lastFailure = undefined;
    this.requestError = undefined;
    this.sendStatus();
    const trace: TraceParams = { uri, outcome, ...cost };
    void this.connection.sendNotification(traceNotification, trace);
  }

  /** The index of search changed its state. */
  indexStatus(status: IndexStatus): void {
    if (status.state === 'error' && status.detail !== this.lastIndexError) this.log('error', status.detail);
    this.lastIndexError = status.state === 'error' ? status.detail : undefined;
    void this.connection.sendNotification(indexStatusNotification, status);
  }

  /** A message's handling threw. Repetitions of one failure, as on every key, are logged once. */
  failed(method: string, error: unknown): void {
    const isExpected = error instanceof EngineError;
    const text =
      error instanceof Error ? (isExpected ? error.message : (error.stack ?? error.message)) : String(error);
    if (text !== this.lastFailure) this.log(isExpected ? 'warn' : 'error', `${method}: ${text}`);
    this.lastFailure = text;
    if (!isExpected || !error.showUser) return;
    this.requestError = { state: 'error', detail: error.message };
    this.sendStatus();
  }

  trace(event: TraceEvent): void {
    if (event.kind === 'log') this.log(event.level, event.message);
    if (event.kind === 'oracle') this.oracle(event);
    if (event.kind === 'regret') this.regret(event);
    if (event.kind !== 'withdrawn') return;
    const { uri, id } = event;
    const params: WithdrawnParams = { uri, id };
    void this.connection.sendNotification(withdrawnNotification, params);
    this.log('debug', `Suggestion ${id} was withdrawn: the exact cache does not repeat it.`);
  }

  private regret({ uri, version, offset, regret }: RegretParams): void {
    const params: RegretParams = { uri, version, offset, regret };
    void this.connection.sendNotification(regretNotification, params);
  }

  /** Static analysis of some languages changed its state. That one is missing is said once, in the log. */
  private oracle({ languageIds, name, health, detail }: OracleParams): void {
    void this.connection.sendNotification(oracleNotification, { languageIds, name, health, detail });
    const line = `Types of ${languageIds.join(', ')}: ${health === 'ready' ? `${name} is ready` : detail}.`;
    const level = health === 'failed' || health === 'restarting' ? 'warn' : 'info';
    if (health !== 'starting' && !this.saidOfOracles.has(line)) this.log(level, line);
    this.saidOfOracles.add(line);
  }

  private warn(notice: string): void {
    this.saidNotices.add(notice);
    this.log('warn', notice);
    const message = `Stet: ${notice}`;
    void this.connection.sendNotification(ShowMessageNotification.type, {
      type: MessageType.Warning,
      message,
    });
  }

  log(level: 'error' | 'warn' | 'info' | 'debug', message: string): void {
    this.connection.console[level](message);
  }

  private sendStatus(): void {
    const { power } = this;
    const status = { ...(this.requestError ?? this.engineStatus), ...(power !== undefined && { power }) };
    const isAsSent = this.sent?.state === status.state && this.sent.detail === status.detail;
    if (isAsSent && this.sent?.power === power) return;
    this.sent = status;
    void this.connection.sendNotification(statusNotification, status);
    if (status.state !== 'error' || this.hasStatusItem || isAsSent) return;
    const message = `Stet: ${status.detail}`;
    void this.connection.sendNotification(ShowMessageNotification.type, { type: MessageType.Error, message });
  }
}
