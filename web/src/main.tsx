import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { newQueryClient } from "./api/queries";
import { App } from "./app/app";
import { takeToken } from "./sign-in/token";
import "./style/base.css";
import "./style/parts.css";
import "./style/shell.css";
import "./style/jobs.css";

// Before anything else looks at the address, and before a bookmark can be made of it.
const token = takeToken();
const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={newQueryClient()}>
      <App token={token} />
    </QueryClientProvider>
  </StrictMode>,
);
