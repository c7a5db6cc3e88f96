/**
 * The server's responses, as far as the page reads them. Times are seconds since the epoch, sizes bytes.
 *
 * tests/browser/test_api_contract.py compares each type with responses of a server.
 */

export type Ended = "done" | "failed" | "aborted";
export type Status = "queued" | "starting" | "running" | "sleeping" | Ended;

/** The params that the page reads by name; options.ts describes all of them. */
export interface JobParams {
  port: number | "auto";
  private: boolean;
}

export interface Usage {
  memory_bytes: number | null;
  cpu_seconds: number | null;
  io_read_bytes: number | null;
  io_write_bytes: number | null;
  uptime_seconds: number | null;
}

export interface Job {
  queue_id: string;
  project_dir: string;
  config: string;
  priority: number;
  submitted_at: number;
  /** A kind of viewer; the page may not know it. */
  job_type: string;
  job_params: JobParams;
  status: Status;
  stop_requested: boolean;
  waits_for: string | null;
  pid: number | null;
  port: number | null;
  host: string;
  started_at: number | null;
  ready_at: number | null;
  finished_at: number | null;
  exit_code: number | null;
  signal: number | null;
  error: string | null;
  title: string;
  /** Its path below the proxy. */
  url: string;
  /** The folder that it shows. */
  output_dir: string;
  /** The name of the declared service that it is an instance of; empty: none. */
  service: string;
  /** The account that queued it. */
  owner: string;
  unit: string;
  scope: "user" | "system";
  invocation_id: string;
  placement: "socket" | "direct" | null;
  protections: string[];
  notices: string[];
  usage: Usage | null;
}

export interface QueueItem {
  queue_id: string;
  warnings: string[];
  notes: string[];
}

export interface Scheduler {
  enabled: boolean;
  running_count: number;
  queued_count: number;
}

/** Of POST /api/jobs/<id>/control/<action>. */
export interface ControlResult {
  success: boolean;
  message: string;
  data: Job;
}

/** Of POST /api/jobs/cleanup. */
export interface Cleanup {
  removed: string[];
  count: number;
}

/** Of GET /api/jobs/cleanup: how many jobs of each status a cleanup would remove. */
export interface CleanupPreview {
  done: number;
  failed: number;
  aborted: number;
  count: number;
}

/** Of POST /api/jobs/restore. */
export interface Restored {
  restored: string[];
  count: number;
}

/** An event: the job was removed. */
export interface Removed {
  queue_id: string;
}

/** The first event of GET /api/events. */
export interface Hello {
  version: string;
  /** Differs after each start of the server. */
  boot_id: string;
  /** Whether it has /api/services. */
  services: boolean;
  /** Whether it has /api/runs. */
  runs: boolean;
}

export interface Me {
  user: string;
  is_admin: boolean;
}

export interface AuthStatus {
  authenticated: boolean;
  has_password: boolean;
  auth_disabled: boolean;
  /** A proxy in front of the server has signed the user in. */
  by_proxy: boolean;
  /** The user whom a proxy has signed in, and who may not use this server. */
  unknown_user: string | null;
}

/** Of POST /api/auth/login. */
export interface Login {
  ok: boolean;
  requires_password_setup: boolean;
}

export interface Finding {
  name: string;
  verdict: "ok" | "warn" | "bad";
  detail: string;
  fix: string | null;
}

export interface Host {
  version: string;
  scope: string;
  user: string;
  placement: "socket" | "direct";
  placement_reason: string | null;
  findings: Finding[];
}

export interface FolderEntry {
  name: string;
  path: string;
  is_dir: boolean;
}

export interface Folder {
  path: string;
  parent: string | null;
  entries: FolderEntry[];
  /** The number of entries; `entries` may be only the first of them. */
  total: number;
  /** False: the folder was too large to read completely and has more than `total` entries. */
  complete: boolean;
  roots: string[];
}

/** Of GET /api/fs/complete. */
export interface Completions {
  paths: string[];
  /** The home of the server's account, for `~`. */
  home: string;
}

export interface LogdirFacts {
  path: string;
  /** null: unknown, the file system does not respond. */
  exists: boolean | null;
  runs: number;
  event_files: number;
  newest_event_time: number | null;
  size_bytes: number;
  /** False: the folder was too large or too slow to read completely; the figures are lower bounds. */
  complete: boolean;
  warnings: string[];
  error: string | null;
}

export interface PortFacts {
  port: number;
  free: boolean;
  holder: string | null;
  next_free: number | null;
  /** Why the host has no ports here. */
  error: string | null;
}

/** The title that the server gives to a viewer of a path. */
export interface Title {
  title: string;
}

/** A service as it is declared in the settings. */
export interface DeclaredService {
  type: string;
  name: string;
  enabled: boolean;
  args: Record<string, unknown>;
}

export interface Service {
  service: DeclaredService;
  running: boolean;
  queue_id: string | null;
  status: string | null;
  /** Why it cannot run. */
  error: string | null;
  /** Its path, the same for all its instances. */
  url: string;
}

export interface ProjectConfig {
  name: string;
  config_name: string | null;
  config_class: string | null;
  output_dir: string | null;
  error: string | null;
}

export interface Project {
  project_dir: string;
  name: string;
  description: string | null;
  default_config: string | null;
  configs: ProjectConfig[];
}

export interface Listing {
  projects: Project[];
  /** The version to request changes since. */
  version?: string;
}

/** With `since`: the changes since that version. Else all projects. */
export interface ListingUpdate extends Listing {
  since?: string;
  removed?: string[];
}

export interface Run {
  name: string;
  path: string;
  last_step: number | null;
  last_loss: number | null;
  /** Seconds since the epoch. */
  modified: number;
  curve: [number, number][];
}

/** The newest runs of a config, and their number; a lower bound unless `counted`. */
export interface Runs {
  runs: Run[];
  count: number;
  counted: boolean;
  complete: boolean;
}

/** A part of a job's output: lines joined into pieces, with the journal's cursors of the first and the last line. */
export interface TtyOutput {
  pieces: TtyPiece[];
  /** Cursors of the first and the last line; null where there is no line. */
  first: string | null;
  last: string | null;
  /** Lines. */
  count: number;
  /** No older line exists. */
  is_first?: boolean;
  /** No newer line existed. */
  is_last?: boolean;
}

export interface TtyPiece {
  /** Lines as they were printed, each with its newline. */
  text?: string;
  /** The bytes, if they are not UTF-8. */
  base64?: string;
  /** The number of lines that journald dropped here; 0: unknown. */
  dropped?: number;
}

/** The body of a response with an error status. */
export interface ErrorBody {
  detail: string;
  /** How to fix it. */
  hint?: string | null;
  /** The field of the request that it concerns. */
  field?: string | null;
}
