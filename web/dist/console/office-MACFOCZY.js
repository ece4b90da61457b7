import{h as a}from"./chunk-CPNM4XC4.js";function i({page:e}){return a("main",{class:"page",children:e})}export{i as Office};
