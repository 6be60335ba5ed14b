/** The VS Code extension: activate and deactivate; wires the rest. */

import { type ExtensionContext, window, workspace } from 'vscode';
import { DidChangeConfigurationNotification, type LanguageClient, State } from 'vscode-languageclient/node';
import {
  type OracleParams,
  oracleNotification,
  type StatusParams,
  statusNotification,
  type TraceParams,
  traceNotification,
  workspaceTrustedNotification,
} from '../../protocol/messages.ts';
import { AcceptedSuggestions } from './accepted/accepted-suggestions.ts';
import { attachStatistics, type StatisticsApi } from './accepted/attach-statistics.ts';
import { finishAccepted } from './accepted/finish-accepted.ts';
import { menuCommand, registerCommands } from './commands.ts';
import { registerContextTool } from './context-tool.ts';
import { attachMeasuring, type MeasuringApi } from './measuring.ts';
import { ModelChoice } from './models.ts';
import { tellNotebooks } from './notebooks.ts';
import type { OffReason } from './overrides.ts';
import { attachRemoteKey } from './remote-key.ts';
import { attachSearch, type SearchApi } from './search/attach-search.ts';
import { createLanguageClient } from './server-process.ts';
import { SettingsOverlay } from './settings-overlay.ts';
import { Status, serverStopped } from './status.ts';
import { Toggles } from './toggles.ts';
import { RequestLog } from './trace/request-log.ts';
import { hideWithdrawn } from './withdrawn.ts';

/** `extensions.getExtension('stet.stet').exports`, for the editor tests and curious extensions. */
export interface StetApi {
  /** Resolves with the first status that is not `loading`; never rejects. */
  readonly ready: Promise<StatusParams>;
  /** What the status item shows; `off` while the active editor gets no suggestions while typing. */
  status(): StatusParams & { readonly off?: OffReason };
  /** The last finished request. */
  lastTrace(): TraceParams | undefined;
  /** Static analysis of the active editor's language, as far as it is known. */
  oracle(): OracleParams | undefined;
  readonly search: SearchApi;
  readonly measuring: MeasuringApi;
  /** What was accepted, and what is left of it. */
  readonly statistics: StatisticsApi;
}

let client: LanguageClient | undefined;

export function activate(context: ExtensionContext): StetApi {
  const log = window.createOutputChannel('Stet', { log: true });
  const toggles = new Toggles(context);
  const models = new ModelChoice(context);
  const status = new Status(toggles, menuCommand);
  const overlay = new SettingsOverlay();
  const requests = new RequestLog();
  const accepted = new AcceptedSuggestions();
  const server = createLanguageClient(context, log, { toggles, models, overlay, requests, accepted });
  client = server;
  const statistics = attachStatistics(context, accepted);

  server.onNotification(statusNotification, (params: StatusParams) => status.setServer(params));
  server.onNotification(traceNotification, (params: TraceParams) => {
    requests.trace(params);
    status.setTrace(params);
  });
  server.onNotification(oracleNotification, (params: OracleParams) => status.setOracle(params));
  hideWithdrawn(server);
  const measuring = attachMeasuring({ context, status, requests, overlay }, server);
  const search = attachSearch(context, server, (index) => status.setIndex(index));
  context.subscriptions.push(
    log,
    status,
    requests,
    accepted,
    finishAccepted(server, accepted),
    tellNotebooks(server),
    statistics,
    measuring,
    ...registerContextTool(server),
    ...attachRemoteKey(context, server),
    ...registerCommands({ context, client: server, toggles, models, status, log }),
    server.onDidChangeState(({ newState }) => {
      if (newState === State.Starting) status.setServer({ state: 'loading', detail: 'Starting…' });
      if (newState === State.Stopped) status.setServer(serverStopped);
    }),
    workspace.onDidGrantWorkspaceTrust(() => void server.sendNotification(workspaceTrustedNotification)),
    // The server asks back, and the middleware answers with what was chosen in place.
    toggles.onDidChange(() => tellSettings(server)),
    models.onDidChange(() => tellSettings(server)),
    overlay.onDidChange(() => tellSettings(server)),
  );
  // Not awaited: activation must not wait for a process.
  server.start().catch((error) => {
    log.error(String(error));
    status.setServer(serverStopped);
  });

  return {
    ready: status.ready,
    status: () => ({ ...status.current, ...(status.off && { off: status.off }) }),
    lastTrace: () => status.lastTrace,
    oracle: () => status.oracle,
    search,
    measuring,
    statistics,
  };
}

function tellSettings(server: LanguageClient): void {
  if (!server.isRunning()) return;
  void server.sendNotification(DidChangeConfigurationNotification.type, { settings: null });
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}
