import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { projectsQuery } from "../api/queries";
import { sentence } from "../api/request";
import { counted } from "../format/counted";
import { Empty } from "../parts/empty";
import "../style/projects.css";
import { ConfigPanel } from "./config-panel";
import { ProjectTree } from "./project-tree";
import { configAt, keyOf, type Chosen } from "./tree-items";

export default function ProjectsView() {
  const { data: projects, error, isPending } = useQuery(projectsQuery);
  const [chosenKey, setChosenKey] = useState<string | null>(null);
  const [text, setText] = useState("");
  const chosen: Chosen | null = (chosenKey !== null && projects && configAt(projects, chosenKey)) || null;
  return (
    <div className="projects">
      <section className="view" aria-label="All projects">
        <header className="view-head">
          <h1>Projects</h1>
          <span className="quiet">{projects?.length ? counted(projects.length, "project") : ""}</span>
        </header>
        {error && <p className="field-error">{sentence(error)}</p>}
        {!isPending && !error && !projects?.length && <WhatToConfigure />}
        {projects && projects.length > 0 && (
          <>
            <input
              type="search"
              className="input"
              aria-label="Filter"
              placeholder="Filter projects and configs"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
            <ProjectTree projects={projects} text={text} chosen={chosenKey} onChoose={setChosenKey} />
          </>
        )}
      </section>
      {chosen && <ConfigPanel key={keyOf(chosen.project, chosen.config)} {...chosen} onClose={() => setChosenKey(null)} />}
    </div>
  );
}

function WhatToConfigure() {
  return (
    <Empty title="No projects yet">
      <p>
        Name the folders that hold your Forgather projects in the server&apos;s settings file (
        <code>~/.config/forgather/config.yaml</code>), and start the server again:
      </p>
      <pre className="block">
        <code>{"search_roots:\n  - ~/forgather/examples\n  - ~/my-experiments"}</code>
      </pre>
      <p>
        A project is a folder with a <code>meta.yaml</code>. Its configs then stand here, and each of them opens a
        TensorBoard on its own output folder.
      </p>
    </Empty>
  );
}
