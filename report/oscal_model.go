package report

// The parts of OSCAL's assessment-results model, version 1.2.2, that are written.
// Lists that are empty must be left out.

type oscalDocument struct {
	Results oscalAssessment `json:"assessment-results"`
}

type oscalAssessment struct {
	UUID     uuid             `json:"uuid"`
	Metadata oscalMetadata    `json:"metadata"`
	ImportAP oscalImport      `json:"import-ap"`
	Local    *oscalObjectives `json:"local-definitions,omitempty"`
	Results  []oscalResult    `json:"results"`
	Back     oscalBack        `json:"back-matter"`
}

type oscalMetadata struct {
	Title        string      `json:"title"`
	LastModified string      `json:"last-modified"`
	Version      string      `json:"version"`
	OSCAL        string      `json:"oscal-version"`
	Props        []oscalProp `json:"props,omitempty"`
	Remarks      string      `json:"remarks,omitempty"`
}

type oscalImport struct {
	Href    string `json:"href"`
	Remarks string `json:"remarks"`
}

type oscalProp struct {
	Name  string `json:"name"`
	NS    string `json:"ns,omitempty"` // empty for names that OSCAL defines
	Value string `json:"value"`
}

type oscalLink struct {
	Href     string `json:"href"`
	Rel      string `json:"rel"`
	Fragment string `json:"resource-fragment,omitempty"`
}

type oscalObjectives struct {
	Objectives []oscalObjective `json:"objectives-and-methods"`
}

type oscalObjective struct {
	Control     string      `json:"control-id"`
	Description string      `json:"description"`
	Parts       []oscalPart `json:"parts"`
}

type oscalPart struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Prose string `json:"prose,omitempty"`
}

type oscalResult struct {
	UUID         uuid               `json:"uuid"`
	Title        string             `json:"title"`
	Description  string             `json:"description"`
	Start        string             `json:"start"`
	End          string             `json:"end"`
	Props        []oscalProp        `json:"props,omitempty"`
	Local        oscalLocal         `json:"local-definitions"`
	Reviewed     oscalReviewed      `json:"reviewed-controls"`
	Observations []oscalObservation `json:"observations,omitempty"`
	Risks        []oscalRisk        `json:"risks,omitempty"`
	Findings     []oscalFinding     `json:"findings,omitempty"`
	Remarks      string             `json:"remarks,omitempty"`
}

type oscalLocal struct {
	Items  []oscalItem `json:"inventory-items,omitempty"`
	Assets oscalAssets `json:"assessment-assets"`
}

type oscalItem struct {
	UUID        uuid        `json:"uuid"`
	Description string      `json:"description"`
	Props       []oscalProp `json:"props,omitempty"`
}

type oscalAssets struct {
	Components []oscalComponent `json:"components"`
	Platforms  []oscalPlatform  `json:"assessment-platforms"`
}

type oscalComponent struct {
	UUID        uuid        `json:"uuid"`
	Type        string      `json:"type"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Props       []oscalProp `json:"props,omitempty"`
	Status      oscalState  `json:"status"`
}

type oscalPlatform struct {
	UUID  uuid       `json:"uuid"`
	Title string     `json:"title"`
	Uses  []oscalUse `json:"uses-components"`
}

type oscalUse struct {
	Component uuid `json:"component-uuid"`
}

type oscalState struct {
	State   string `json:"state"`
	Reason  string `json:"reason,omitempty"`
	Remarks string `json:"remarks,omitempty"`
}

type oscalReviewed struct {
	Description string           `json:"description"`
	Selections  []oscalSelection `json:"control-selections"`
	Remarks     string           `json:"remarks,omitempty"`
}

type oscalSelection struct {
	Description string         `json:"description"`
	Include     []oscalControl `json:"include-controls"`
	Exclude     []oscalControl `json:"exclude-controls,omitempty"`
}

type oscalControl struct {
	ID string `json:"control-id"`
}

type oscalObservation struct {
	UUID        uuid            `json:"uuid"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Props       []oscalProp     `json:"props"`
	Methods     []string        `json:"methods"`
	Types       []string        `json:"types"`
	Origins     []oscalOrigin   `json:"origins"`
	Subjects    []oscalSubject  `json:"subjects,omitempty"`
	Evidence    []oscalEvidence `json:"relevant-evidence,omitempty"`
	Collected   string          `json:"collected"`
	Remarks     string          `json:"remarks,omitempty"`
}

type oscalOrigin struct {
	Actors []oscalActor `json:"actors"`
}

type oscalActor struct {
	Type string `json:"type"`
	UUID uuid   `json:"actor-uuid"`
}

type oscalSubject struct {
	UUID  uuid   `json:"subject-uuid"`
	Type  string `json:"type"`
	Title string `json:"title,omitempty"`
}

type oscalEvidence struct {
	Href        string      `json:"href,omitempty"`
	Description string      `json:"description"`
	Links       []oscalLink `json:"links,omitempty"`
}

type oscalRisk struct {
	UUID         uuid             `json:"uuid"`
	Title        string           `json:"title"`
	Description  string           `json:"description"`
	Statement    string           `json:"statement"`
	Props        []oscalProp      `json:"props,omitempty"`
	Status       string           `json:"status"`
	Character    []oscalCharacter `json:"characterizations"`
	Deadline     string           `json:"deadline,omitempty"`
	Remediations []oscalResponse  `json:"remediations,omitempty"`
	Log          *oscalRiskLog    `json:"risk-log,omitempty"`
	Observations []oscalSeen      `json:"related-observations"`
}

type oscalCharacter struct {
	Origin oscalOrigin  `json:"origin"`
	Facets []oscalFacet `json:"facets"`
}

type oscalFacet struct {
	Name   string `json:"name"`
	System string `json:"system"`
	Value  string `json:"value"`
}

type oscalResponse struct {
	UUID        uuid   `json:"uuid"`
	Lifecycle   string `json:"lifecycle"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

type oscalRiskLog struct {
	Entries []oscalRiskEntry `json:"entries"`
}

type oscalRiskEntry struct {
	UUID        uuid   `json:"uuid"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Start       string `json:"start"`
	End         string `json:"end,omitempty"`
	Status      string `json:"status-change"`
}

type oscalSeen struct {
	UUID uuid `json:"observation-uuid"`
}

type oscalRisks struct {
	UUID uuid `json:"risk-uuid"`
}

type oscalFinding struct {
	UUID         uuid          `json:"uuid"`
	Title        string        `json:"title"`
	Description  string        `json:"description"`
	Props        []oscalProp   `json:"props,omitempty"`
	Origins      []oscalOrigin `json:"origins"`
	Target       oscalTarget   `json:"target"`
	Observations []oscalSeen   `json:"related-observations"`
	Risks        []oscalRisks  `json:"related-risks,omitempty"`
}

type oscalTarget struct {
	Type   string     `json:"type"`
	ID     string     `json:"target-id"`
	Status oscalState `json:"status"`
}

type oscalBack struct {
	Resources []oscalResource `json:"resources"`
}

type oscalResource struct {
	UUID        uuid        `json:"uuid"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Props       []oscalProp `json:"props,omitempty"`
	Links       []oscalRef  `json:"rlinks,omitempty"`
}

type oscalRef struct {
	Href      string      `json:"href"`
	MediaType string      `json:"media-type,omitempty"`
	Hashes    []oscalHash `json:"hashes,omitempty"`
}

type oscalHash struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}
