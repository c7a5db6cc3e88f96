// Before all components, whose rules override these.
import "./shared/style/base.css";
import "./shared/style/text.css";
import "./shared/style/controls.css";
import "./shared/style/layout.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { newQueryClient } from "./shared/api/queries";
import { App } from "./app/app";
import { VIEWERS } from "./app/viewers";
import { takeToken } from "./features/sign-in/token";
import { registerViewers } from "./shared/viewers/kinds";

// First, so that no other code and no bookmark gets the token in the address.
const token = takeToken();
registerViewers(VIEWERS);
const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={newQueryClient()}>
      <App token={token} />
    </QueryClientProvider>
  </StrictMode>,
);
